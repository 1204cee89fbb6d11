"""What a night does to cases: opens, reopens, returns and resolves them, and keeps their figures.

It compares what the night found with what is open, in sets: one audit entry for each kind of happening, with a digest of its
events, however many there are. The same night again changes nothing; a night of an earlier day than the last one is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from q2c_pipeline.domain.people import NIGHT
from q2c_pipeline.exceptions.cases import Case, cases, cases_with, in_portions, stored
from q2c_pipeline.exceptions.lifecycle import Happening, Status, back_to_work
from q2c_pipeline.exceptions.proof import MANY, EventFacts, digest_of
from q2c_pipeline.exceptions.routing import Routing
from q2c_pipeline.state.audit import Entry, append, canonical
from q2c_pipeline.state.case_tables import EXCEPTION_CASE, EXCEPTION_EVENT, EXCEPTION_SYNC

_FIGURES = ("difference_amount", "amount_at_risk", "reason", "legal_entity_code")
_CHANGEABLE = (
    *("status", "queue", "severity", "due_on", *_FIGURES, "opened_on", "resolved_on", "times_reopened", "version"),
    *("waived_until", "waived_by", "waiver_reason"),
)


@dataclass(frozen=True)
class Finding:
    """One exception that a night found; `department` is whom its control names."""

    exception_id: str
    control_id: str
    leg: str
    subject_key: str
    legal_entity_code: str | None
    currency: str | None
    first_period: date | None
    difference_amount: Decimal | None
    amount_at_risk: Decimal | None
    reason: str
    severity: str
    department: str


@dataclass(frozen=True)
class Night:
    """The day that was reconciled, when, under which policy, and the legs in which what is gone was really looked for."""

    as_of: date
    at: datetime
    rule_version: str
    legs_judged: frozenset[str]
    legs_not_judged: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """Something that happened to a case this night."""

    exception_id: str
    kind: Happening
    old: Mapping[str, object] | None
    new: Mapping[str, object] | None
    why: str


@dataclass
class Outcome:
    """What the night did, by kind of happening; `is_late` when a later day was reconciled before, and nothing was done."""

    found: int = 0
    is_late: bool = False
    counts: Counter[Happening] = field(default_factory=Counter)


@dataclass
class _Work:
    """What is to be written."""

    new: list[Case] = field(default_factory=list)
    changed: list[Case] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def sync(connection: Connection, night: Night, findings: Sequence[Finding], routing: Routing) -> Outcome:
    """Bring all cases to what the night found, in the caller's transaction."""
    append(connection)  # whoever changes a case waits for this transaction from here on
    if _is_late(connection, night.as_of):
        return Outcome(len(findings), is_late=True)
    known = _known(connection, findings)
    found = {one.exception_id: one for one in findings}
    work = _Work()
    for finding in findings:
        if finding.exception_id not in known:
            _open(work, finding, night, routing)
    _look_at_known(work, known, found, night, routing)
    _write(connection, work, night)
    _mark_seen(connection, [one for one in known if one in found and known[one].last_seen != night.as_of], night.as_of)
    outcome = Outcome(len(findings), counts=Counter(step.kind for step in work.steps))
    _remember(connection, night, outcome)
    return outcome


def _is_late(connection: Connection, as_of: date) -> bool:
    last = connection.execute(select(func.max(EXCEPTION_SYNC.c.as_of))).scalar()
    return last is not None and as_of < last


def _known(connection: Connection, findings: Iterable[Finding]) -> dict[str, Case]:
    """Cases that are not resolved, those that were found again, and the leads of any of them."""
    live = cases(connection, select(EXCEPTION_CASE).where(EXCEPTION_CASE.c.status != Status.RESOLVED.value))
    known = {one.exception_id: one for one in live}
    rest = (one.exception_id for one in findings if one.exception_id not in known)
    known |= {one.exception_id: one for one in cases_with(connection, rest)}
    leads = {one.merged_into for one in known.values() if one.merged_into is not None} - known.keys()
    return known | {one.exception_id: one for one in cases_with(connection, sorted(leads))}


def _open(work: _Work, finding: Finding, night: Night, routing: Routing) -> None:
    facts = (finding.control_id, finding.legal_entity_code, finding.severity)
    queue, due = routing.queue(finding.department, *facts), routing.due_on(*facts, night.as_of)
    given: dict[str, Any] = {name: value for name, value in vars(finding).items() if name != "department"}
    days = {"first_seen": night.as_of, "last_seen": night.as_of, "opened_on": night.as_of, "due_on": due}
    work.new.append(Case(**given, **days, queue=queue, status=Status.OPEN, assignee=None))
    new = {"severity": finding.severity, "queue": queue.value, "due_on": due, "difference_amount": finding.difference_amount}
    work.steps.append(Step(finding.exception_id, Happening.OPENED, None, new, finding.reason))


def _look_at_known(work: _Work, known: Mapping[str, Case], found: Mapping[str, Finding], night: Night, routing: Routing) -> None:
    """What is there again, and what is gone; a lead is there as long as one of its parts is."""
    there = {one for one in known if one in found or known[one].leg not in night.legs_judged}
    seen = {one for one in known if one in found}
    there |= {lead for one in there if (lead := known[one].merged_into) and known[one].status is not Status.RESOLVED}
    seen |= {lead for one in seen if (lead := known[one].merged_into)}
    for one in known.values():
        steps: list[Step] = []
        if one.exception_id in seen:
            after = _found(one, found.get(one.exception_id), night, routing, steps)
        elif one.exception_id not in there and one.status is not Status.RESOLVED:
            after = _gone(one, night, steps)
        else:
            continue
        if after != one:
            work.changed.append(replace(after, version=one.version + 1))
            work.steps += steps


def _found(one: Case, finding: Finding | None, night: Night, routing: Routing, steps: list[Step]) -> Case:
    """The case as it is after it was found once more."""
    if one.status is Status.RESOLVED and one.resolved_on is not None and night.as_of < one.resolved_on:
        return one  # what was done by hand after that day cannot be seen in it
    after = one if finding is None else _with_figures(one, finding, routing, steps)
    if one.status is Status.RESOLVED:
        return _back(after, Happening.REOPENED, "found again", night, routing, steps)
    if one.status is Status.WAIVED and one.waived_until is not None and one.waived_until < night.as_of:
        return _back(after, Happening.RETURNED, f"the waiver ended on {one.waived_until}", night, routing, steps)
    return after


def _with_figures(one: Case, finding: Finding, routing: Routing, steps: list[Step]) -> Case:
    after = replace(one, **{name: getattr(finding, name) for name in _FIGURES})
    if after.difference_amount != one.difference_amount:
        steps.append(_step(one, after, Happening.AMOUNT, ("difference_amount",), "another amount was found"))
    facts = (one.control_id, finding.legal_entity_code, finding.severity)
    if finding.severity != one.severity:
        graver = replace(after, severity=finding.severity, due_on=routing.due_on(*facts, one.opened_on))
        steps.append(_step(after, graver, Happening.SEVERITY, ("severity", "due_on"), "the amount at risk or its bands changed"))
        after = graver
    queue = routing.queue(finding.department, *facts)
    if queue is not one.queue and one.status is Status.OPEN:
        moved = replace(after, queue=queue)
        steps.append(_step(after, moved, Happening.QUEUE, ("queue",), "the policy sends it elsewhere"))
        after = moved
    return after


def _back(one: Case, kind: Happening, why: str, night: Night, routing: Routing, steps: list[Step]) -> Case:
    """A case that somebody has to work on again, with a new term."""
    due = routing.due_on(one.control_id, one.legal_entity_code, one.severity, night.as_of)
    after = replace(
        one,
        status=back_to_work(one.assignee),
        opened_on=night.as_of,
        due_on=due,
        resolved_on=None,
        waived_until=None,
        waived_by=None,
        waiver_reason=None,
        times_reopened=one.times_reopened + 1,
    )
    steps.append(_step(one, after, kind, ("status", "due_on", "waived_until"), why))
    return after


def _gone(one: Case, night: Night, steps: list[Step]) -> Case:
    after = replace(one, status=Status.RESOLVED, resolved_on=night.as_of)
    steps.append(_step(one, after, Happening.RESOLVED, ("status",), "not found any more"))
    return after


def _step(before: Case, after: Case, kind: Happening, names: Sequence[str], why: str) -> Step:
    old, new = ({name: getattr(one, name) for name in names} for one in (before, after))
    return Step(before.exception_id, kind, old, new, why)


def _write(connection: Connection, work: _Work, night: Night) -> None:
    if work.new:
        connection.execute(insert(EXCEPTION_CASE), [stored(vars(one)) for one in work.new])
    if work.changed:
        this = EXCEPTION_CASE.c.exception_id == bindparam("this")
        statement = update(EXCEPTION_CASE).where(this).values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
        connection.execute(statement, [_new_values(one) for one in work.changed])
    for kind in Happening:
        some = sorted((step for step in work.steps if step.kind is kind), key=attrgetter("exception_id"))
        if some:
            _log(connection, kind, some, night)


def _new_values(one: Case) -> dict[str, object]:
    values = stored({name: getattr(one, name) for name in _CHANGEABLE})
    return {"this": one.exception_id, **{f"new_{name}": value for name, value in values.items()}}


def _log(connection: Connection, kind: Happening, steps: Sequence[Step], night: Night) -> None:
    """All events of a kind, proved by one entry of the audit log."""
    facts: list[EventFacts] = [
        (step.exception_id, kind.value, canonical(step.old), canonical(step.new), step.why) for step in steps
    ]
    new = {"events": len(facts), "digest": digest_of(facts)}
    subject, why = f"night:{night.as_of}", f"reconciliation of {night.as_of}"
    number = append(connection, Entry(night.at, NIGHT, MANY + kind.value, subject, None, new, why, night.rule_version)).entries
    shared = {"at": night.at, "who": NIGHT, "audit_number": number}
    names = ("exception_id", "kind", "old", "new", "why")
    connection.execute(insert(EXCEPTION_EVENT), [dict(zip(names, one, strict=True)) | shared for one in facts])


def _mark_seen(connection: Connection, exception_ids: Sequence[str], as_of: date) -> None:
    table = EXCEPTION_CASE
    for some in in_portions(exception_ids):
        connection.execute(update(table).where(table.c.exception_id.in_(some)).values(last_seen=as_of))


def _remember(connection: Connection, night: Night, outcome: Outcome) -> None:
    """One row a day; a second night of the same day adds what it changed."""
    table, day = EXCEPTION_SYNC, {"as_of": night.as_of}
    counts = {
        "opened": outcome.counts[Happening.OPENED],
        "reopened": outcome.counts[Happening.REOPENED],
        "returned": outcome.counts[Happening.RETURNED],
        "resolved": outcome.counts[Happening.RESOLVED],
        "changed": sum(outcome.counts[kind] for kind in (Happening.AMOUNT, Happening.SEVERITY, Happening.QUEUE)),
    }
    latest = {"found": outcome.found, "legs_not_judged": ", ".join(sorted(night.legs_not_judged))}
    if connection.execute(select(table).where(table.c.as_of == night.as_of)).first() is None:
        connection.execute(insert(table), day | {"at": night.at} | counts | latest)
        return
    added = {name: table.c[name] + count for name, count in counts.items()}
    connection.execute(update(table).where(table.c.as_of == night.as_of).values(**added, **latest))
