"""Proof: the next extract must show the effect and the exception must be gone, else both facts are said and the case reopens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import update

from q2c_pipeline.corrections.policy import Limits
from q2c_pipeline.corrections.record import Correction, Status, move, select_where
from q2c_pipeline.corrections.trail import Trail
from q2c_pipeline.domain.repairs import Action
from q2c_pipeline.state.correction_tables import CORRECTION


class Effect(StrEnum):
    """What a night sees of a correction in its system."""

    SHOWN = "shown"
    WAITING = "waiting"
    MISSING = "missing"


@dataclass(frozen=True)
class Seen:
    """What a night sees, in words; `is_since` when the system was read after the correction was acknowledged."""

    effect: Effect
    says: str
    is_since: bool


@dataclass(frozen=True)
class Judged:
    """Corrections that proved right, and those that did not help, each with both facts."""

    verified: tuple[Correction, ...]
    not_effective: tuple[Correction, ...]


def acknowledged(trail: Trail) -> list[Correction]:
    """What waits for proof."""
    return select_where(trail.connection, CORRECTION.c.status == Status.ACKNOWLEDGED)


def notes_in_effect(trail: Trail) -> list[Correction]:
    """Notes that stand in a system and that nobody takes back already."""
    stands = CORRECTION.c.status.in_((Status.ACKNOWLEDGED, Status.VERIFIED))
    return select_where(trail.connection, CORRECTION.c.action == Action.NOTE.value, stands, CORRECTION.c.undoes.is_(None))


@dataclass(frozen=True)
class Facts:
    """What a night knows: each waiting correction as it was seen, what is still wrong by exception, and the legs it judged."""

    seen: Mapping[str, Seen]
    open_exceptions: Mapping[str, str]
    legs_judged: Collection[str]
    as_of: date


def verify(trail: Trail, facts: Facts, limits: Limits) -> Judged:
    """Judge every acknowledged correction by what the night knows."""
    verified: list[Correction] = []
    failed: list[Correction] = []
    for one in acknowledged(trail):
        status, note = _judgement(one, facts, limits)
        if status is None:
            _remember(trail, one, note)
            continue
        after = move(trail.connection, one, status, trail.at, note)
        trail.note(f"correction {status.value}", after, one, note)
        (verified if status is Status.VERIFIED else failed).append(after)
    return Judged(tuple(verified), tuple(failed))


def _judgement(one: Correction, facts: Facts, limits: Limits) -> tuple[Status | None, str]:
    """A fact that is there counts at once; one that is not there counts when the system was read since."""
    seen, wrong = facts.seen[one.correction_id], None
    if one.repairs:
        wrong = facts.open_exceptions.get(one.exception_id)
        if one.leg not in facts.legs_judged:
            return None, "the night could not judge whether the exception is gone"
    if wrong is None:
        return _without_exception(one, seen)
    if seen.effect is Effect.WAITING and facts.as_of <= _day(one) + timedelta(days=limits.wait_days):
        return None, seen.says
    return (Status.NOT_EFFECTIVE, f"{seen.says}; the exception stands: {wrong}") if seen.is_since else (None, _NOT_READ)


_NOT_READ = "its system was not read since"


def _without_exception(one: Correction, seen: Seen) -> tuple[Status | None, str]:
    """The exception is gone (an undoing or a note has none to repair): was it this correction's doing?"""
    gone = "; the exception is gone" if one.repairs else ""
    if seen.effect is Effect.SHOWN:
        return Status.VERIFIED, f"{seen.says}{gone}"
    if one.action in _INVISIBLE:
        return Status.VERIFIED, f"the exception is gone after {one.external_id}"
    if seen.effect is Effect.WAITING:
        return None, f"{seen.says}; the exception is gone without it: undo the correction if nobody needs it"
    return (Status.NOT_EFFECTIVE, f"{seen.says}{gone}") if seen.is_since else (None, _NOT_READ)


_INVISIBLE = frozenset({Action.PENDING_ITEM, Action.DRAFT_INVOICE})
"""What billing shows only as lines of a later invoice: the exception it answers is the proof."""


def _day(one: Correction) -> date:
    return one.acknowledged_at.date() if one.acknowledged_at else one.seen_on


def _remember(trail: Trail, one: Correction, note: str) -> None:
    """Say what it waits for, where that is new."""
    if note != one.note:
        same = CORRECTION.c.correction_id == one.correction_id
        trail.connection.execute(update(CORRECTION).where(same).values(note=note))


def exceptions_of(corrections: Sequence[Correction]) -> list[tuple[str, str]]:
    """Exception ids with what is to be said of them."""
    return [(one.exception_id, f"correction {one.correction_id} did not help: {one.note}") for one in corrections if one.repairs]
