"""What a night finds, held against the cases there are: which ones open, come back, change or are gone; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from q2c_pipeline.exceptions.cases import Case, Finding
from q2c_pipeline.exceptions.lifecycle import NO_WAIVER, Happening, Status, back_to_work
from q2c_pipeline.exceptions.routing import Routing

FIGURES = ("difference_amount", "amount_at_risk", "reason", "legal_entity_code")
"""What each night says anew."""


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
class Work:
    """What is to be written."""

    new: list[Case] = field(default_factory=list)
    changed: list[Case] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def compare(known: Mapping[str, Case], findings: Iterable[Finding], night: Night, routing: Routing) -> Work:
    """Everything that this night changes; `known` are the cases that are not resolved, those found again, and their leads."""
    work, found = Work(), {one.exception_id: one for one in findings}
    for finding in found.values():
        if finding.exception_id not in known:
            _open(work, finding, night, routing)
    _look_at_known(work, known, found, night, routing)
    return work


def _open(work: Work, finding: Finding, night: Night, routing: Routing) -> None:
    facts = (finding.control_id, finding.legal_entity_code, finding.severity)
    queue, due = routing.queue(finding.queue, *facts), routing.due_on(*facts, night.as_of)
    days: dict[str, Any] = {"first_seen": night.as_of, "last_seen": night.as_of, "opened_on": night.as_of, "due_on": due}
    work.new.append(Case(**{**vars(finding), **days, "queue": queue}, status=Status.OPEN, assignee=None))
    new = {"severity": finding.severity, "queue": queue.value, "due_on": due, "difference_amount": finding.difference_amount}
    work.steps.append(Step(finding.exception_id, Happening.OPENED, None, new, finding.reason))


def _look_at_known(work: Work, known: Mapping[str, Case], found: Mapping[str, Finding], night: Night, routing: Routing) -> None:
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
    if one.status not in (Status.RESOLVED, Status.WAIVED):
        return after
    uncovered = _uncovered(after, night)
    if one.status is Status.RESOLVED:
        return _back(after, Happening.REOPENED, "found again", night, routing, steps) if uncovered else _resumed(after, steps)
    return _back(after, Happening.RETURNED, uncovered, night, routing, steps) if uncovered else after


def _uncovered(one: Case, night: Night) -> str:
    """Why its waiver does not cover a case that was found: it ended, or what is there now is more than what was waived.

    250.00 was waived until Friday: 100.00 is covered on Friday, 250.01 and -1.00 are not, and on Saturday nothing is.
    """
    if one.waived_until is None or one.waived_until < night.as_of:
        return f"the waiver ended on {one.waived_until}"
    zero = Decimal(0)
    waived, now = one.waived_amount or zero, one.difference_amount or zero
    if min(waived, zero) <= now <= max(waived, zero):
        return ""
    return f"{now:,.2f} goes beyond the {waived:,.2f} that was waived"


def _resumed(one: Case, steps: list[Step]) -> Case:
    """What was approved until a day holds until that day, even if one night did not find it."""
    after = replace(one, status=Status.WAIVED, resolved_on=None)
    steps.append(_step(one, after, Happening.RESUMED, ("status",), f"found again, waived until {one.waived_until}"))
    return after


def _with_figures(one: Case, finding: Finding, routing: Routing, steps: list[Step]) -> Case:
    after = replace(one, **{name: getattr(finding, name) for name in FIGURES})
    if after.difference_amount != one.difference_amount:
        steps.append(_step(one, after, Happening.AMOUNT, ("difference_amount",), "another amount was found"))
    facts = (one.control_id, finding.legal_entity_code, finding.severity)
    if finding.severity != one.severity:
        graver = replace(after, severity=finding.severity, due_on=routing.due_on(*facts, one.opened_on))
        steps.append(_step(after, graver, Happening.SEVERITY, ("severity", "due_on"), "the amount at risk or its bands changed"))
        after = graver
    queue = routing.queue(finding.queue, *facts)
    if queue is not one.queue and one.status is Status.OPEN:
        moved = replace(after, queue=queue)
        steps.append(_step(after, moved, Happening.QUEUE, ("queue",), "the policy sends it elsewhere"))
        after = moved
    return after


def _back(one: Case, kind: Happening, why: str, night: Night, routing: Routing, steps: list[Step]) -> Case:
    """A case that somebody has to work on again, with a new term."""
    due = routing.due_on(one.control_id, one.legal_entity_code, one.severity, night.as_of)
    again: dict[str, Any] = {
        "opened_on": night.as_of,
        "due_on": due,
        "resolved_on": None,
        "times_reopened": one.times_reopened + 1,
    }
    after = replace(one, status=back_to_work(one.assignee), **again, **NO_WAIVER)
    steps.append(_step(one, after, kind, ("status", "due_on", "waived_until"), why))
    return after


def _gone(one: Case, night: Night, steps: list[Step]) -> Case:
    after = replace(one, status=Status.RESOLVED, resolved_on=night.as_of)
    steps.append(_step(one, after, Happening.RESOLVED, ("status",), "not found any more"))
    return after


def _step(before: Case, after: Case, kind: Happening, names: Sequence[str], why: str) -> Step:
    old, new = ({name: getattr(one, name) for name in names} for one in (before, after))
    return Step(before.exception_id, kind, old, new, why)
