"""The life of an exception: which states there are, and what may be done in which."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from q2c_pipeline.errors import CaseError


class Status(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in progress"
    WAITING = "waiting on correction"
    RESOLVED = "resolved"
    WAIVED = "waived"


class Happening(StrEnum):
    """What can happen to a case; each is an event of its history."""

    OPENED = "opened"
    REOPENED = "reopened"
    RETURNED = "returned"
    """Its waiver has expired, or covers less than is there now."""
    RESUMED = "waiver resumed"
    """It was gone for a while and came back before its waiver expired."""
    RESOLVED = "resolved"
    SEVERITY = "severity changed"
    AMOUNT = "amount changed"
    QUEUE = "queue changed"
    ASSIGNED = "assigned"
    STARTED = "started"
    COMMENTED = "commented"
    WAITING = "waiting"
    WAIVED = "waived"
    MERGED = "merged"
    SPLIT = "split"


_WORKED_ON = frozenset({Status.OPEN, Status.ASSIGNED, Status.IN_PROGRESS})
UNRESOLVED = _WORKED_ON | {Status.WAITING}
"""Somebody still has to do something."""
_FROM = {
    Happening.ASSIGNED: _WORKED_ON,
    Happening.STARTED: UNRESOLVED,
    Happening.COMMENTED: frozenset(Status),
    Happening.WAITING: UNRESOLVED,
    Happening.WAIVED: _WORKED_ON,
    Happening.RESOLVED: UNRESOLVED,
    Happening.REOPENED: frozenset({Status.RESOLVED, Status.WAIVED, Status.WAITING}),
    Happening.MERGED: UNRESOLVED,
    Happening.SPLIT: frozenset(Status),
}


def refuse_unless_possible(happening: Happening, status: Status, subject: str) -> None:
    """Raise CaseError for what cannot be done to a case that stands where it stands."""
    if status not in _FROM[happening]:
        raise CaseError(
            expected=f"an exception that is {', '.join(sorted(_FROM[happening]))}",
            found=f"one that is {status.value}",
            where=f"exception {subject[:12]}, {happening.value}",
            next_step="look at it with `q2c exceptions show`; a resolved or waived one must be reopened first",
        )


NO_WAIVER: dict[str, Any] = {"waived_until": None, "waived_by": None, "waiver_reason": None, "waived_amount": None}
"""What a case is without a waiver."""


def back_to_work(assignee: str | None) -> Status:
    """Where a case stands that comes back: with the person who had it, or open."""
    return Status.ASSIGNED if assignee else Status.OPEN
