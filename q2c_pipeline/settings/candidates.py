"""Policies that are not in force yet: a change in a file of its own, or a later version that q2c.toml already holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.settings.contradictions import policy_contradictions
from q2c_pipeline.settings.model import Settings
from q2c_pipeline.settings.policy import Policy
from q2c_pipeline.settings.problems import Problem, refuse
from q2c_pipeline.settings.reading import explained, read_toml
from q2c_pipeline.settings.versions import BASE, VERSIONS, changed, origins, with_whole_versions


def candidate(settings: Settings, file: Path, as_of: date) -> Policy:
    """The policy in force on the day with the keys of `file` changed, which is written like one block [[policy_versions]]."""
    change = read_toml(file, if_absent="name the file that says what would change")
    if BASE in change or VERSIONS in change:
        hint = "write the keys of one block [[policy_versions]] at the top of the file: [grace] instead of [policy.grace]"
        refuse([Problem("what changes in the policy", "a whole configuration", file.name, hint)], file)
    whole = changed(_raw_in_force(settings, as_of), {"version": f"{file.stem} (candidate)", **change})
    try:
        policy = Policy.model_validate(whole)
    except ValidationError as error:
        refuse([explained(one, whole, file, Policy) for one in error.errors(include_url=False)], file)
        raise
    refuse([*policy_contradictions(settings, policy, file.name)], file)
    return policy


def next_version(settings: Settings, as_of: date) -> Policy:
    """The first version of q2c.toml that begins after the day; raises ConfigurationError where there is none."""
    for one in settings.policy_versions:
        if one.effective_from is not None and one.effective_from > as_of:
            return one
    raise ConfigurationError(
        expected=f"a version of the policy that begins after {as_of}",
        found="none",
        where=f"{settings.path.name}: {VERSIONS}",
        next_step="add one, or name a file with what would change: --policy FILE",
    )


def said(settings: Settings, as_of: date) -> list[tuple[str, str, str]]:
    """Every value of the policy in force on the day: its dotted name, what it is, and where it was written."""
    policy = settings.on(as_of).policy
    found = origins(read_toml(settings.path), policy.version)
    return [(name, value, found.get(name.partition("[")[0], "default")) for name, value in _flat(policy.model_dump())]


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{above}{key}.")
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            yield from ((f"{above}{key}[{number}]", _worded(one)) for number, one in enumerate(value, 1))
        elif value is not None:
            yield f"{above}{key}", _worded(value) or "none"


def _worded(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_worded(one)}" for key, one in value.items() if one is not None and one != [])
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, frozenset)):
        return ", ".join(sorted(_worded(one) for one in value))
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _raw_in_force(settings: Settings, as_of: date) -> Mapping[str, Any]:
    """The policy in force as it is written, so that a change of it keeps what was left to the defaults."""
    raw = with_whole_versions(read_toml(settings.path))
    version = settings.on(as_of).policy.version
    written: dict[str, Any] = raw.get(BASE, {})
    for one in raw.get(VERSIONS, []):
        written = one if str(one["version"]) == version else written
    return written
