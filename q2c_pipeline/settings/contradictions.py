"""What is well-formed line by line in a configuration and still cannot be right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from q2c_pipeline.engine.sqlfiles import load
from q2c_pipeline.settings.company import CONVENTIONS
from q2c_pipeline.settings.model import Settings
from q2c_pipeline.settings.problems import Problem, did_you_mean


def contradictions(settings: Settings, file: Path) -> Iterator[Problem]:
    """What is well-formed line by line and still cannot be right."""
    names = [one.name for one in settings.instances]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(
            "every instance name once", f"'{name}' {names.count(name)} times", f"{file.name}: instances", "rename one of them"
        )
    for one in settings.instances:
        for name in sorted(one.conventions.keys() - CONVENTIONS[one.platform]):
            where, known = f"{file.name}: instances.{one.name}.conventions", CONVENTIONS[one.platform]
            yield Problem(f"a convention of {one.platform.value}", f"'{name}'", where, did_you_mean(name, known))
    if not settings.legs:
        have = ", ".join(sorted({one.plays.value for one in settings.instances}))
        hint = "configure crm and billing, or billing and erp, or all three"
        yield Problem("two systems that can be compared", have, f"{file.name}: instances", hint)
    severity = settings.policy.severity
    if severity.high_amount > severity.critical_amount:
        found = f"{severity.high_amount} and {severity.critical_amount}"
        yield Problem("high_amount not above critical_amount", found, f"{file.name}: policy.severity", "swap or correct them")
    controls = {one.header["control"] for one in load() if one.is_control} if settings.policy.tolerances else set()
    for name in sorted(settings.policy.tolerances.keys() - controls):
        yield Problem("a control id", f"'{name}'", f"{file.name}: policy.tolerances", did_you_mean(name, controls))
