"""Dated versions of the policy: each says only what it changes of the one before; the day that is reconciled picks one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from q2c_pipeline.settings.policy import Policy

BASE, VERSIONS = "policy", "policy_versions"
_OWN = ("version", "effective_from")
"""What a version never takes over from the one before."""


def with_whole_versions(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with every version completed by what it leaves unchanged."""
    given = raw.get(VERSIONS)
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        return dict(raw)
    whole, before = [], raw.get(BASE, {})
    for one in given:
        before = changed(before, one)
        whole.append(before)
    return {**raw, VERSIONS: whole}


def changed(before: object, change: Mapping[str, Any]) -> dict[str, Any]:
    """`before` with the keys of `change`: tables are merged key by key, everything else is replaced."""
    kept = {key: value for key, value in before.items() if key not in _OWN} if isinstance(before, dict) else {}
    return _merged(kept, change)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: _merged(old[key], new[key]) for key in new if isinstance(old.get(key), dict) and isinstance(new[key], dict)}
    return {**old, **new, **both}


def in_force(base: Policy, versions: Sequence[Policy], day: date) -> Policy:
    """The last version that is in force on the day; the first one has always been."""
    begun = [one for one in versions if one.effective_from is not None and one.effective_from <= day]
    return begun[-1] if begun else base


def origins(raw: Mapping[str, Any], version: str) -> dict[str, str]:
    """Where each value of a version was written, by its dotted name; what is missing here is a default."""
    found = dict.fromkeys(_leaves(raw.get(BASE, {})), f"[{BASE}]")
    for one in raw.get(VERSIONS, []) if str(raw.get(BASE, {}).get("version", "1")) != version else []:
        found |= dict.fromkeys(_leaves(one), f"[[{VERSIONS}]] version {one['version']}, from {one['effective_from']}")
        if str(one["version"]) == version:
            break
    return found


def _leaves(table: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"
