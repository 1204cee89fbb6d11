"""The outbox: rows written with the approval, taken by one pusher at a time, with every attempt written before its call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from q2c_pipeline.corrections.record import Correction, Status, by_ids
from q2c_pipeline.domain.keys import digest
from q2c_pipeline.domain.repairs import Outcome, Verdict
from q2c_pipeline.state.correction_tables import CORRECTION, OUTBOX, PUSH_ATTEMPT

_ABSENT = "absent"
_LATE = "answered after its lease had run out"


@dataclass(frozen=True)
class Claim:
    """A correction in a pusher's hands; `must_look_up` when an earlier attempt of it was never answered."""

    correction: Correction
    attempts: int
    must_look_up: bool


def put(connection: Connection, one: Correction, at: datetime) -> None:
    """Let a correction wait for a pusher; one that came back after an earlier round is looked up if that was never answered."""
    state = "unknown" if is_unanswered(connection, one) else "waiting"
    values = {"plan_id": one.plan_id, "step": one.step, "state": state, "attempts": 0, "next_try_at": at}
    again = update(OUTBOX).where(OUTBOX.c.attempt_key == one.attempt_key).values(**values)
    if connection.execute(again).rowcount == 0:
        row = {"attempt_key": one.attempt_key, "correction_id": one.correction_id, "instance": one.instance}
        connection.execute(insert(OUTBOX).values(**row, **values))


def withdraw(connection: Connection, one: Correction) -> bool:
    """Take a correction out again; False if a pusher has taken it. The row stays: an earlier round may have left attempts."""
    waiting = (OUTBOX.c.correction_id == one.correction_id) & (OUTBOX.c.state == "waiting") & (OUTBOX.c.attempts == 0)
    return connection.execute(update(OUTBOX).where(waiting).values(state="finished")).rowcount == 1


def waiting_instances(connection: Connection) -> list[str]:
    """Instances for which anything is to be sent or looked up."""
    query = select(OUTBOX.c.instance).where(OUTBOX.c.state.in_(("waiting", "claimed", "unknown"))).distinct()
    return sorted(connection.execute(query).scalars())


def due_digest(connection: Connection, now: datetime) -> str | None:
    """A digest of what is due and how often it was tried: it changes with every attempt; None when nothing is due."""
    due = OUTBOX.c.state.in_(("waiting", "claimed", "unknown")) & (OUTBOX.c.next_try_at <= now)
    rows = connection.execute(select(OUTBOX.c.attempt_key, OUTBOX.c.attempts).where(due).order_by(OUTBOX.c.attempt_key)).all()
    return digest(*[f"{row.attempt_key} {row.attempts}" for row in rows]) if rows else None


def waiting(connection: Connection, instance: str) -> list[Correction]:
    """What a pusher of the instance would take next, whatever the hour; nothing is taken."""
    query = select(OUTBOX.c.correction_id).where(OUTBOX.c.instance == instance, OUTBOX.c.state == "waiting")
    return by_ids(connection, list(connection.execute(query).scalars()))


def next_try(connection: Connection, instance: str) -> datetime | None:
    """When the next row of the instance may be tried; None when nothing waits."""
    query = select(OUTBOX.c.next_try_at).where(
        OUTBOX.c.instance == instance, OUTBOX.c.state.in_(("waiting", "unknown")), _predecessors_done()
    )
    return min(connection.execute(query).scalars(), default=None)


def claim(connection: Connection, instance: str, pusher: str, now: datetime, lease: timedelta, limit: int) -> list[Claim]:
    """Take rows that are due and whose plan has come to them, with an attempt row each; others wait until the lease has run out.

    PostgreSQL skips rows that another pusher is taking; SQLite lets one writer in at a time; on both, a row that changed
    between being seen and being taken is left out.
    """
    due = or_(
        and_(OUTBOX.c.state.in_(("waiting", "unknown")), OUTBOX.c.next_try_at <= now),
        and_(OUTBOX.c.state == "claimed", OUTBOX.c.claimed_until < now),
    )
    query = (
        select(OUTBOX)
        .where(OUTBOX.c.instance == instance, due, _predecessors_done())
        .order_by(OUTBOX.c.next_try_at, OUTBOX.c.plan_id, OUTBOX.c.step, OUTBOX.c.attempt_key)
        .limit(limit)
        .with_for_update(skip_locked=True, of=OUTBOX)
    )
    taken = []
    for row in connection.execute(query).mappings().all():
        same = and_(
            OUTBOX.c.attempt_key == row["attempt_key"], OUTBOX.c.state == row["state"], OUTBOX.c.attempts == row["attempts"]
        )
        must_look_up = row["state"] != "waiting"
        values = {"state": "claimed", "claimed_by": pusher, "claimed_until": now + lease, "attempts": row["attempts"] + 1}
        if connection.execute(update(OUTBOX).where(same).values(**values)).rowcount == 1:
            taken.append((row["correction_id"], row["attempts"] + 1, must_look_up))
    found = {one.correction_id: one for one in by_ids(connection, [each[0] for each in taken])}
    claims = [Claim(found[correction_id], attempts, look) for correction_id, attempts, look in taken]
    for each in claims:
        begin_attempt(connection, each.correction, "look_up" if each.must_look_up else "send", pusher, now)
    return claims


def _predecessors_done() -> ColumnElement[bool]:
    """No correction of the same plan stands before this one without having been acknowledged."""
    before = CORRECTION.alias("before")
    done = (Status.ACKNOWLEDGED, Status.VERIFIED, Status.TASK, Status.CLOSED)
    unfinished = select(before.c.correction_id).where(
        before.c.plan_id == OUTBOX.c.plan_id, before.c.step < OUTBOX.c.step, before.c.status.not_in(done)
    )
    return ~exists(unfinished)


def begin_attempt(connection: Connection, one: Correction, kind: str, pusher: str, now: datetime) -> None:
    """Write that a call is about to be made, committed before it is made; an attempt that never ended is an unknown one."""
    is_open = and_(PUSH_ATTEMPT.c.attempt_key == one.attempt_key, PUSH_ATTEMPT.c.ended_at.is_(None))
    lost = {"ended_at": now, "verdict": Verdict.UNKNOWN.value, "detail": "its pusher ended without an answer"}
    connection.execute(update(PUSH_ATTEMPT).where(is_open).values(**lost))
    connection.execute(insert(PUSH_ATTEMPT).values(attempt_key=one.attempt_key, kind=kind, pusher=pusher, started_at=now))


def end_attempt(connection: Connection, one: Correction, outcome: Outcome | None, now: datetime) -> None:
    """Write what came of the open attempt; no outcome means that looking up found nothing."""
    answered = {"ended_at": now, "verdict": _ABSENT, "detail": "nothing of it is there"}
    if outcome is not None:
        facts = ("detail", "external_id", "version_after", "retry_after", "request_id")
        answered = {"ended_at": now, "verdict": outcome.verdict.value, **{name: getattr(outcome, name) for name in facts}}
    is_open = and_(PUSH_ATTEMPT.c.attempt_key == one.attempt_key, PUSH_ATTEMPT.c.ended_at.is_(None))
    connection.execute(update(PUSH_ATTEMPT).where(is_open).values(**answered))


def renew(connection: Connection, pusher: str, until: datetime) -> int:
    """Extend the lease of all that this pusher holds; how many that still is."""
    mine = (OUTBOX.c.claimed_by == pusher) & (OUTBOX.c.state == "claimed")
    return connection.execute(update(OUTBOX).where(mine).values(claimed_until=until)).rowcount


def is_held(connection: Connection, one: Correction, pusher: str) -> bool:
    """Whether the row is still this pusher's: its lease may have run out and somebody else may have taken it."""
    mine = (OUTBOX.c.attempt_key == one.attempt_key) & (OUTBOX.c.claimed_by == pusher) & (OUTBOX.c.state == "claimed")
    return connection.execute(select(OUTBOX.c.attempt_key).where(mine)).first() is not None


def release(connection: Connection, one: Correction, state: str, next_try_at: datetime) -> None:
    """Give a row back in its next state."""
    values = {"state": state, "next_try_at": next_try_at, "claimed_by": None, "claimed_until": None}
    connection.execute(update(OUTBOX).where(OUTBOX.c.attempt_key == one.attempt_key).values(**values))


def is_unanswered(connection: Connection, one: Correction) -> bool:
    """Whether something was sent of which nobody knows what became: only a later look-up that was answered, or done, tells."""
    mine, verdict = PUSH_ATTEMPT.c.attempt_key == one.attempt_key, PUSH_ATTEMPT.c.verdict
    is_silent = and_(PUSH_ATTEMPT.c.kind == "send", or_(verdict.is_(None), verdict == Verdict.UNKNOWN.value))
    tells = or_(and_(PUSH_ATTEMPT.c.kind == "look_up", verdict == _ABSENT), verdict == Verdict.DONE.value)
    last = select(func.max(PUSH_ATTEMPT.c.attempt_id))
    silent, told = (connection.execute(last.where(mine, which)).scalar() for which in (is_silent, tells))
    return silent is not None and (told is None or told < silent)


def note_late(connection: Connection, one: Correction, pusher: str, outcome: Outcome, now: datetime) -> None:
    """Write an answer that came after the lease: it may have acted behind the back of whoever holds the row now."""
    values = {"started_at": now, "ended_at": now, "verdict": Verdict.UNKNOWN.value, "detail": f"{_LATE}: {outcome.detail}"}
    connection.execute(insert(PUSH_ATTEMPT).values(attempt_key=one.attempt_key, kind="send", pusher=pusher, **values))


def take_back(connection: Connection, one: Correction, state: str, now: datetime) -> bool:
    """Bring a row that nobody holds into another state; False if somebody holds it."""
    free = (OUTBOX.c.attempt_key == one.attempt_key) & (OUTBOX.c.state != "claimed")
    return connection.execute(update(OUTBOX).where(free).values(state=state, next_try_at=now)).rowcount == 1


def rearm(connection: Connection, one: Correction, now: datetime, *, must_look_up: bool) -> None:
    """Let a dead letter be tried again from the start."""
    values = {"state": "unknown" if must_look_up else "waiting", "attempts": 0, "next_try_at": now}
    connection.execute(update(OUTBOX).where(OUTBOX.c.attempt_key == one.attempt_key).values(**values))


def attempts_of(connection: Connection, one: Correction) -> Sequence[dict[str, object]]:
    """Every attempt of a correction, oldest first."""
    query = select(PUSH_ATTEMPT).where(PUSH_ATTEMPT.c.attempt_key == one.attempt_key).order_by(PUSH_ATTEMPT.c.attempt_id)
    return [dict(row) for row in connection.execute(query).mappings()]
