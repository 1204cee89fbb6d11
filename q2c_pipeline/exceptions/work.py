"""What people do to exceptions, one at a time; and what corrections do to those that they repair."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from q2c_pipeline.domain.people import Actor, Permission, require
from q2c_pipeline.errors import CaseError
from q2c_pipeline.exceptions.cases import By, Case, case, cases_with, change
from q2c_pipeline.exceptions.lifecycle import NO_WAIVER, UNRESOLVED, Happening, Status, back_to_work, refuse_unless_possible


@dataclass(frozen=True)
class Waiver:
    """Why an exception is let be, and until which day."""

    reason: str
    until: date


def assign(connection: Connection, exception_id: str, to: Actor, by: By, why: str = "") -> Case:
    """Give a case to somebody whose roles let them work on it."""
    one = _ready(connection, exception_id, Happening.ASSIGNED, by)
    require(to, Permission.WORK_EXCEPTIONS, one.legal_entity_code, one.queue)
    return change(connection, one, Happening.ASSIGNED, {"status": Status.ASSIGNED, "assignee": to.name}, by, why)


def start(connection: Connection, exception_id: str, by: By, why: str = "") -> Case:
    """Begin to work on a case; one that was nobody's is now the actor's."""
    one = _ready(connection, exception_id, Happening.STARTED, by)
    assignee = one.assignee or by.actor.name
    return change(connection, one, Happening.STARTED, {"status": Status.IN_PROGRESS, "assignee": assignee}, by, why)


def comment(connection: Connection, exception_id: str, by: By, text: str) -> Case:
    """Say something about a case, in whatever state it is."""
    _needs(text, "a comment")
    one = case(connection, exception_id)
    require(by.actor, Permission.WORK_EXCEPTIONS, one.legal_entity_code, one.queue)
    return change(connection, one, Happening.COMMENTED, {}, by, text.strip())


def waive(connection: Connection, exception_id: str, waiver: Waiver, by: By, longest: int) -> Case:
    """Let a case be until a day, at most `longest` days from now; the actor approves it, and it returns by itself."""
    _needs(waiver.reason, "a reason for the waiver")
    last = by.at.date() + timedelta(days=longest)
    if not by.at.date() < waiver.until <= last:
        raise CaseError(
            expected=f"a waiver that ends after today, {last} at the latest",
            found=str(waiver.until),
            where=f"exception {exception_id[:12]}",
            next_step="name another day; policy.exceptions.waiver_days says how long a waiver may last",
        )
    one = _ready(connection, exception_id, Happening.WAIVED, by, Permission.WAIVE_EXCEPTIONS)
    granted = {"waived_until": waiver.until, "waived_by": by.actor.name, "waiver_reason": waiver.reason.strip()}
    granted |= {"waived_amount": one.difference_amount}
    return change(connection, one, Happening.WAIVED, {"status": Status.WAIVED, **granted}, by, waiver.reason.strip())


def resolve(connection: Connection, exception_id: str, by: By, why: str) -> Case:
    """Call a case done by hand; a night after today that finds it again reopens it."""
    _needs(why, "what was done")
    one = _ready(connection, exception_id, Happening.RESOLVED, by)
    changes = {"status": Status.RESOLVED, "resolved_on": by.at.date()}
    return change(connection, one, Happening.RESOLVED, changes, by, why.strip())


def reopen(connection: Connection, exception_id: str, by: By, why: str) -> Case:
    """Take up again what was resolved, waived or waiting."""
    _needs(why, "a reason to reopen it")
    return _reopened(connection, _ready(connection, exception_id, Happening.REOPENED, by), by, why.strip())


def mark_waiting(connection: Connection, exception_id: str, by: By, why: str) -> Case | None:
    """Say that an approved correction is under way for a case; None for an exception that has no case yet.

    Who may approve has been asked before; a case that waits already goes on waiting.
    """
    one = _known(connection, exception_id)
    if one is None or one.status is Status.WAITING:
        return one
    refuse_unless_possible(Happening.WAITING, one.status, one.exception_id)
    return change(connection, one, Happening.WAITING, {"status": Status.WAITING}, by, why)


def let_be(connection: Connection, exception_ids: Iterable[str]) -> list[Case]:
    """Those of these cases that nobody is to repair now: waived or resolved."""
    return [one for one in cases_with(connection, exception_ids) if one.status not in UNRESOLVED]


def reopen_ineffective(connection: Connection, exception_id: str, by: By, why: str) -> Case | None:
    """Take a case up again because its correction failed or had no effect; nothing happens to one that is worked on already."""
    one = _known(connection, exception_id)
    if one is None or one.status not in {Status.WAITING, Status.RESOLVED}:
        return one
    return _reopened(connection, one, by, why)


def _reopened(connection: Connection, one: Case, by: By, why: str) -> Case:
    changes = {
        "status": back_to_work(one.assignee),
        "resolved_on": None,
        "times_reopened": one.times_reopened + 1,
        **NO_WAIVER,
    }
    return change(connection, one, Happening.REOPENED, changes, by, why)


def _known(connection: Connection, exception_id: str) -> Case | None:
    found = cases_with(connection, [exception_id])
    return found[0] if found else None


def _ready(
    connection: Connection,
    exception_id: str,
    happening: Happening,
    by: By,
    permission: Permission = Permission.WORK_EXCEPTIONS,
) -> Case:
    """The case, if the actor may do this and it can be done now."""
    one = case(connection, exception_id)
    queue = one.queue if permission is Permission.WORK_EXCEPTIONS else None
    require(by.actor, permission, one.legal_entity_code, queue)
    if one.merged_into is not None:
        raise CaseError(
            expected="an exception that is worked on by itself",
            found=f"one that was merged into {one.merged_into[:12]}",
            where=f"exception {one.exception_id[:12]}",
            next_step=f"do it to {one.merged_into[:12]}, or split it off first with `q2c exceptions split`",
        )
    refuse_unless_possible(happening, one.status, one.exception_id)
    return one


def _needs(text: str, what: str) -> None:
    if not text.strip():
        raise CaseError(
            expected=what, found="nothing", where="exceptions", next_step="say it with --why, for those who come after"
        )
