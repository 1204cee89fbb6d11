"""What is well-formed line by line in a configuration and still cannot be right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from q2c_pipeline.domain.kinds import Role
from q2c_pipeline.engine.sqlfiles import load
from q2c_pipeline.settings.corrections import known_writes
from q2c_pipeline.settings.model import Settings
from q2c_pipeline.settings.platforms import platforms
from q2c_pipeline.settings.policy import Policy
from q2c_pipeline.settings.problems import Problem, did_you_mean
from q2c_pipeline.settings.rules import GraceRule, Materiality, Tolerance
from q2c_pipeline.settings.versions import BASE, VERSIONS


def contradictions(settings: Settings, file: Path) -> Iterator[Problem]:
    """Everything that contradicts something else, with its place in the file."""
    yield from _instances(settings, f"{file.name}: instances")
    yield from _versions(settings, f"{file.name}: {VERSIONS}")
    named = {f"{BASE}": settings.policy, **{f"{VERSIONS}.{one.version}": one for one in settings.policy_versions}}
    said = set()
    for place, policy in named.items():
        for problem in policy_contradictions(settings, policy, f"{file.name}: {place}"):
            if problem._replace(where="") not in said:  # a version repeats what it does not change
                said.add(problem._replace(where=""))
                yield problem


def policy_contradictions(settings: Settings, policy: Policy, where: str) -> Iterator[Problem]:
    """What one version of the policy says of things that are not there, or says twice."""
    severity = policy.severity
    if severity.high_amount > severity.critical_amount:
        found = f"{severity.high_amount} and {severity.critical_amount}"
        yield Problem("high_amount not above critical_amount", found, f"{where}.severity", "swap or correct them")
    yield from _said_twice(policy.tolerances, f"{where}.tolerances")
    yield from _said_twice(policy.materiality, f"{where}.materiality")
    yield from _said_twice(policy.grace_rules, f"{where}.grace_rules")
    controls = {one.header["control"] for one in load() if one.is_control}
    yield from _unknown("a control id", [one.control for one in policy.tolerances], controls, f"{where}.tolerances")
    routes = policy.exceptions.routes
    routed = [control for route in routes for control in route.controls or ()]
    yield from _unknown("a control id", routed, controls, f"{where}.exceptions.routes")
    entities = [entity for person in policy.people.values() for entity in person.entities or ()]
    entities += [entity for route in routes for entity in route.entities or ()]
    yield from _unknown("an entity", entities, settings.company.entities, f"{where}.people and {where}.exceptions.routes")
    for name, rules in (
        ("tolerances", policy.tolerances),
        ("materiality", policy.materiality),
        ("grace_rules", policy.grace_rules),
    ):
        yield from _unknown("an entity", [one.entity for one in rules], settings.company.entities, f"{where}.{name}")
    names = [one.name for one in settings.instances]
    yield from _unknown("a configured instance", [*policy.conventions], names, f"{where}.conventions")
    yield from _unknown("a configured instance", [one.instance for one in policy.grace_rules], names, f"{where}.grace_rules")
    ledgers = [one.name for one in settings.instances if one.plays is Role.ERP]
    posting = [name for name, one in policy.conventions.items() if one.summary_journals and name in names]
    yield from _unknown("summary_journals of a ledger", posting, ledgers, f"{where}.conventions")
    for name, bundle in policy.bundles.items():
        yield from _unknown(
            "a product with a stand-alone price", bundle.products, policy.standalone_prices, f"{where}.bundles.{name}"
        )
    yield from _corrections(settings, policy, controls, where)


def _corrections(settings: Settings, policy: Policy, controls: Collection[str], where: str) -> Iterator[Problem]:
    """Rules of approval for what does not exist, and fields that no connector can write."""
    rules = policy.approvals.rules
    named = [control for rule in rules for control in rule.controls]
    yield from _unknown("a control id", named, controls, f"{where}.approvals.rules")
    entities = [entity for rule in rules for entity in rule.entities]
    yield from _unknown("an entity", entities, settings.company.entities, f"{where}.approvals.rules")
    for role in Role:
        asked = [f"{table}.{field}" for table, fields in policy.writable.of(role.value).items() for field in fields]
        yield from _unknown("a field that a connector can write", asked, known_writes(), f"{where}.writable.{role.value}")


def _instances(settings: Settings, where: str) -> Iterator[Problem]:
    names = [one.name for one in settings.instances]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem("every instance name once", f"'{name}' {names.count(name)} times", where, "rename one of them")
    for one in settings.instances:
        known, found = platforms()[one.platform].conventions, [*one.conventions]
        yield from _unknown(f"a convention of {one.platform}", found, known, f"{where}.{one.name}.conventions")
    if not settings.legs:
        have = ", ".join(sorted({one.plays.value for one in settings.instances}))
        hint = "configure crm and billing, or billing and erp, or all three"
        yield Problem("two systems that can be compared", have, where, hint)


def _versions(settings: Settings, where: str) -> Iterator[Problem]:
    """Versions follow one another: each has its own name and begins after the one before."""
    if settings.policy.effective_from is not None:
        hint = "leave effective_from out there: the first version has always been in force, [[policy_versions]] follow it"
        yield Problem("a first version without a date", str(settings.policy.effective_from), where.replace(VERSIONS, BASE), hint)
    names = [one.version for one in (settings.policy, *settings.policy_versions)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem("every version once", f"'{name}' {names.count(name)} times", where, "give each its own version")
    for one in settings.policy_versions:
        if one.effective_from is None:
            yield Problem("the key 'effective_from'", "nothing", f"{where}.{one.version}", "add the first day that it holds for")
    dated = [one for one in settings.policy_versions if one.effective_from]
    for before, after in pairwise(dated):
        if before.effective_from and after.effective_from and after.effective_from <= before.effective_from:
            expected, found = (
                f"a day after {before.effective_from}, when version {before.version} begins",
                f"{after.effective_from}",
            )
            yield Problem(expected, found, f"{where}.{after.version}", "order the versions by day, and let no two begin together")


def _said_twice(rules: Sequence[Tolerance] | Sequence[Materiality] | Sequence[GraceRule], where: str) -> Iterator[Problem]:
    scopes = [one.scope for one in rules]
    for scope in sorted({scope for scope in scopes if scopes.count(scope) > 1}, key=str):
        said = " ".join(part for part in scope if part) or "everything"
        yield Problem("one rule for each scope", f"{scopes.count(scope)} for {said}", where, "keep the one that is meant")


def _unknown(expected: str, found: Sequence[str | None], known: Collection[str], where: str) -> Iterator[Problem]:
    for name in sorted({one for one in found if one is not None and one not in known}):
        yield Problem(expected, f"'{name}'", where, did_you_mean(name, known))
