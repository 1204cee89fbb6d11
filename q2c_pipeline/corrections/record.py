"""A correction as the store keeps it, and the only way from one status to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from q2c_pipeline.corrections.proposal import Break, Proposal
from q2c_pipeline.domain.keys import digest
from q2c_pipeline.domain.repairs import PAYLOADS, Action, Order, Payload, Target, from_json, to_json
from q2c_pipeline.errors import CorrectionError
from q2c_pipeline.state.correction_tables import CORRECTION

_AT_ONCE = 500
"""Ids in one statement: databases limit how many values a statement may bind."""
HANDED_OVER = "handed over after"
"""What the note of a task begins with that a refusal has become."""
PLAN_FAILED = "its plan failed"
"""What the note of a step begins with that was not sent because an earlier one failed."""


class Status(StrEnum):
    """Where a correction stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    VERIFIED = "verified"
    NOT_EFFECTIVE = "not_effective"
    UNKNOWN = "unknown"
    DEAD_LETTER = "dead_letter"
    REFUSED = "refused"
    REVIEW = "review"
    REJECTED = "rejected"
    EXPIRED = "expired"
    COMPENSATING = "compensating"
    COMPENSATED = "compensated"
    TASK = "task"
    CLOSED = "closed"


_NEXT: dict[Status, frozenset[Status]] = {
    Status.PROPOSED: frozenset({Status.APPROVED, Status.REJECTED, Status.EXPIRED}),
    Status.APPROVED: frozenset({Status.SENT, Status.EXPIRED}),
    Status.SENT: frozenset(
        {Status.ACKNOWLEDGED, Status.UNKNOWN, Status.APPROVED, Status.DEAD_LETTER, Status.REFUSED, Status.REVIEW}
    ),
    Status.UNKNOWN: frozenset({Status.SENT, Status.ACKNOWLEDGED, Status.DEAD_LETTER, Status.REFUSED, Status.REVIEW}),
    Status.ACKNOWLEDGED: frozenset({Status.VERIFIED, Status.NOT_EFFECTIVE, Status.COMPENSATING}),
    Status.VERIFIED: frozenset({Status.COMPENSATING}),
    Status.NOT_EFFECTIVE: frozenset({Status.COMPENSATING, Status.VERIFIED}),
    Status.DEAD_LETTER: frozenset({Status.APPROVED, Status.UNKNOWN, Status.EXPIRED}),
    Status.REVIEW: frozenset({Status.REJECTED, Status.EXPIRED}),
    Status.REFUSED: frozenset({Status.EXPIRED}),
    Status.REJECTED: frozenset(),
    Status.EXPIRED: frozenset({Status.PROPOSED}),
    Status.COMPENSATING: frozenset({Status.COMPENSATED, Status.ACKNOWLEDGED}),
    Status.COMPENSATED: frozenset(),
    Status.TASK: frozenset({Status.CLOSED}),
    Status.CLOSED: frozenset({Status.TASK}),
}
"""What may follow what; anything else is refused."""


@dataclass(frozen=True)
class Correction(Break):
    """One correction: the break that it answers, with its evidence, its target and how far it got."""

    correction_id: str
    base_id: str
    plan_id: str
    step: int
    action: Action
    instance: str
    target: Target
    payload: Payload
    is_reversible: bool
    proposer: str
    undoes: str | None
    status: Status
    note: str
    proposed_on: date
    seen_on: date
    changed_at: datetime
    acknowledged_at: datetime | None = None
    external_id: str | None = None
    version_after: str | None = None

    @property
    def attempt_key(self) -> str:
        """The idempotency key: the same for every attempt, another one for the undoing."""
        return digest(self.correction_id, "undo" if self.undoes else "do", self.step, length=32)

    @property
    def is_handed_over(self) -> bool:
        """Whether it is the task that a vendor's refusal became: no night proposes it, it lives as long as its exception."""
        return self.note.startswith(HANDED_OVER)

    @property
    def is_note(self) -> bool:
        """Whether it tells of an exception and repairs nothing: its effect alone proves it, and it goes with the exception."""
        return self.action is Action.NOTE

    @property
    def repairs(self) -> bool:
        """Whether its exception is to be gone by it."""
        return self.undoes is None and not self.is_note

    @property
    def order(self) -> Order:
        """What a pusher is given."""
        return Order(self.correction_id, self.attempt_key, self.target, self.action, self.payload)


def from_proposal(proposal: Proposal, correction_id: str, on: date, at: datetime) -> Correction:
    """A proposal as it enters the store: a task is for a person at once, everything else waits for approval."""
    cause = proposal.cause
    return Correction(
        correction_id=correction_id,
        base_id=proposal.base_id,
        **{name: getattr(cause, name) for name in Break.__dataclass_fields__},
        plan_id=cause.exception_id,
        step=proposal.step,
        action=proposal.action,
        instance=proposal.target.instance,
        target=proposal.target,
        payload=proposal.payload,
        is_reversible=proposal.is_reversible,
        proposer=f"control {cause.control_id}",
        undoes=None,
        status=Status.TASK if proposal.action is Action.TASK else Status.PROPOSED,
        note="",
        proposed_on=on,
        seen_on=on,
        changed_at=at,
    )


def add(connection: Connection, corrections: Sequence[Correction]) -> None:
    """Store new corrections."""
    if corrections:
        connection.execute(insert(CORRECTION), [_row(one) for one in corrections])


def move(connection: Connection, one: Correction, status: Status, at: datetime, note: str = "", **facts: Any) -> Correction:
    """Bring a correction from the status it is known in to the next; raises CorrectionError if that may not follow.

    Of two that try at once only one succeeds: the row must still be in the status that the caller saw.
    """
    if status not in _NEXT[one.status]:
        raise not_possible(one, status, one.status)
    return learn(connection, one, status, at, note, **facts)


def learn(connection: Connection, one: Correction, status: Status, at: datetime, note: str = "", **facts: Any) -> Correction:
    """Bring a correction to what a system says of it, whatever people or nights made of it meanwhile."""
    values = {"status": status, "note": note, "changed_at": at, **facts}
    same = (CORRECTION.c.correction_id == one.correction_id) & (CORRECTION.c.status == one.status)
    if connection.execute(update(CORRECTION).where(same).values(**values)).rowcount != 1:
        raise not_possible(one, status, find(connection, one.correction_id).status)
    return replace(one, **values)


def find(connection: Connection, correction_id: str) -> Correction:
    """One correction by its id or the beginning of it; raises CorrectionError for none or several."""
    query = select(CORRECTION).where(CORRECTION.c.correction_id.startswith(correction_id, autoescape=True)).limit(2)
    rows = connection.execute(query).mappings().all()
    exact = [row for row in rows if row["correction_id"] == correction_id]
    if len(exact or rows) != 1:
        raise CorrectionError(
            expected="the id of one correction",
            found=f"{'several' if rows else 'none'} beginning with '{correction_id}'",
            where="state store",
            next_step="see `q2c corrections list`",
        )
    return _read((exact or rows)[0])


def select_where(connection: Connection, *conditions: Any) -> list[Correction]:
    """Corrections that meet all conditions, by plan and step."""
    query = select(CORRECTION).where(*conditions).order_by(CORRECTION.c.plan_id, CORRECTION.c.step, CORRECTION.c.correction_id)
    return [_read(row) for row in connection.execute(query).mappings()]


def by_ids(connection: Connection, ids: Sequence[str]) -> list[Correction]:
    """These corrections, by plan and step."""
    found = [
        one
        for start in range(0, len(ids), _AT_ONCE)
        for one in select_where(connection, CORRECTION.c.correction_id.in_(ids[start : start + _AT_ONCE]))
    ]
    return sorted(found, key=lambda one: (one.plan_id, one.step, one.correction_id))


def _row(one: Correction) -> dict[str, object]:
    values = {column.name: getattr(one, column.name) for column in CORRECTION.columns}
    return values | {"target": to_json(one.target), "payload": to_json(one.payload)}


def _read(row: RowMapping) -> Correction:
    action = Action(row["action"])
    typed = {
        "action": action,
        "status": Status(row["status"]),
        "target": from_json(Target, row["target"]),
        "payload": from_json(PAYLOADS[action], row["payload"]),
    }
    return Correction(**{**row, **typed})


def not_possible(one: Correction, status: Status, found: Status) -> CorrectionError:
    """Why a correction cannot become what is asked, and what can be done instead."""
    before = sorted(each.value for each, following in _NEXT.items() if status in following)
    return CorrectionError(
        expected=f"a correction that is {' or '.join(before)}",
        found=f"{found.value}{f' ({one.note})' if one.note else ''}",
        where=f"correction {one.correction_id}",
        next_step=_ADVICE.get(found, "see `q2c corrections show`"),
    )


_ADVICE = {
    Status.EXPIRED: "its evidence changed: look at the newer proposal of the same exception",
    Status.APPROVED: "it is approved already and waits for `q2c corrections push`",
    Status.SENT: "it is being pushed: wait for the answer",
    Status.UNKNOWN: "nobody knows yet whether it took effect: `q2c corrections push` looks it up first",
    Status.ACKNOWLEDGED: "it was pushed already; the next night verifies it, `q2c corrections compensate` undoes it",
    Status.VERIFIED: "it was pushed and verified already; `q2c corrections compensate` undoes it",
    Status.REVIEW: "the record changed meanwhile: the next night proposes again from what it reads",
    Status.TASK: "a task is done by a person in the system itself; it closes when the exception is gone",
    Status.DEAD_LETTER: "`q2c corrections retry` sends it again",
}
