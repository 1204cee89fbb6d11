"""What a night's proposals do to the corrections that are known: new ones enter, unchanged ones stay, the others expire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, func, select, update

from q2c_pipeline.corrections.outbox import withdraw
from q2c_pipeline.corrections.proposal import Proposal, repeated_id
from q2c_pipeline.corrections.record import PLAN_FAILED, Correction, Status, add, from_proposal, move, select_where
from q2c_pipeline.corrections.trail import Trail
from q2c_pipeline.domain.keys import digest
from q2c_pipeline.domain.repairs import Action, to_json
from q2c_pipeline.errors import CorrectionError
from q2c_pipeline.state.correction_tables import CORRECTION

_UNDECIDED = (Status.PROPOSED, Status.APPROVED, Status.REVIEW, Status.REFUSED, Status.DEAD_LETTER)
"""What a night may let expire: nothing of it is under way."""
_AT_ONCE = 500


@dataclass(frozen=True)
class Refreshed:
    """How many corrections a night brought, kept and let expire, and how many tasks it closed."""

    proposed: int
    kept: int
    expired: int
    closed: int


def refresh(connection: Connection, proposals: Sequence[Proposal], as_of: date, trail: Trail) -> Refreshed:
    """Bring the store to tonight's proposals in the caller's transaction; running it twice changes nothing the second time."""
    known = _by_base(select_where(connection))
    tonight = [_placed(proposal, known.get(proposal.base_id, []), as_of, trail.at) for proposal in proposals]
    tonight = _planned(tonight)
    present = {one.correction_id: one for rounds in known.values() for one in rounds}
    fresh = [one for one in tonight if one.correction_id not in present]
    add(connection, fresh)
    trail.note_all("propose correction", [(one, None) for one in fresh if one.action is not Action.TASK], "found by the night")
    trail.note_set("open tasks", [one.correction_id for one in fresh if one.action is Action.TASK], "found by the night")
    same = [present[one.correction_id] for one in tonight if one.correction_id in present]
    _see(connection, same, as_of)
    _reword(connection, same, [one for one in tonight if one.action is Action.TASK])
    _revive(connection, same, trail)
    current = {one.correction_id for one in tonight}
    gone = [one for one in present.values() if one.correction_id not in current and one.undoes is None]
    expired = _expire(connection, [one for one in gone if one.status in _UNDECIDED], trail)
    found = {proposal.cause.exception_id for proposal in proposals}
    over = [one for one in gone if one.status is Status.TASK and not (one.is_handed_over and one.exception_id in found)]
    closed = _close(connection, over, trail)
    return Refreshed(len(fresh), len(same), expired, closed)


def _by_base(corrections: Iterable[Correction]) -> Mapping[str, list[Correction]]:
    rounds: dict[str, list[Correction]] = defaultdict(list)
    for one in corrections:
        if one.undoes is None:
            rounds[one.base_id].append(one)
    return rounds


def _placed(proposal: Proposal, rounds: Sequence[Correction], as_of: date, at: datetime) -> Correction:
    """The round that a proposal belongs to: one that was verified is over, so what is found again is a new round.

    So is a note that went with its exception.
    """
    over = sum(one.status is Status.VERIFIED or (one.is_note and one.status is Status.COMPENSATED) for one in rounds)
    return from_proposal(proposal, repeated_id(proposal.base_id, over), as_of, at)


def _planned(tonight: Sequence[Correction]) -> list[Correction]:
    """All changes of one exception are one plan, whose id changes when any of them does; its note is another."""
    plans: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for one in tonight:
        if one.action is not Action.TASK:
            plans[one.exception_id, one.is_note].append(one.correction_id)
    ids = {key: digest(*sorted(members), length=32) for key, members in plans.items()}
    return [replace(one, plan_id=ids.get((one.exception_id, one.is_note), one.plan_id)) for one in tonight]


def _see(connection: Connection, same: Sequence[Correction], as_of: date) -> None:
    ids = [one.correction_id for one in same]
    for start in range(0, len(ids), _AT_ONCE):
        some = CORRECTION.c.correction_id.in_(ids[start : start + _AT_ONCE])
        connection.execute(update(CORRECTION).where(some).values(seen_on=as_of))


def _reword(connection: Connection, same: Sequence[Correction], tonight: Sequence[Correction]) -> None:
    """Let a task say what tonight's evidence says of it."""
    known = {one.correction_id: one.payload for one in same}
    for one in tonight:
        if known.get(one.correction_id, one.payload) != one.payload:
            words = {"payload": to_json(one.payload), "reason": one.reason, "evidence": one.evidence}
            connection.execute(update(CORRECTION).where(CORRECTION.c.correction_id == one.correction_id).values(**words))


def _revive(connection: Connection, same: Sequence[Correction], trail: Trail) -> None:
    """What expired or was closed and is found again as it was, comes back; earlier approvals do not, nor half a failed plan."""
    back = {Status.EXPIRED: Status.PROPOSED, Status.CLOSED: Status.TASK}
    again = [one for one in same if one.status in back and not one.note.startswith(PLAN_FAILED)]
    changed = [(move(connection, one, back[one.status], trail.at), one) for one in again]
    trail.note_all("propose correction", changed, "found again by the night")


def _expire(connection: Connection, gone: Sequence[Correction], trail: Trail) -> int:
    changed = []
    for one in gone:
        if one.status is Status.APPROVED and not withdraw(connection, one):
            continue  # a pusher has it in its hands: what it did is verified like any other
        changed.append((move(connection, one, Status.EXPIRED, trail.at, "the evidence changed"), one))
    trail.note_all("expire correction", changed, "the night does not propose this any more")
    return len(changed)


def _close(connection: Connection, gone: Sequence[Correction], trail: Trail) -> int:
    changed = [(move(connection, one, Status.CLOSED, trail.at, "the exception is gone or changed"), one) for one in gone]
    trail.note_set("close tasks", [one.correction_id for one, _ in changed], "the night does not find this any more")
    return len(changed)


def last_seen(connection: Connection) -> date | None:
    """The last day whose night brought proposals; None before the first."""
    return connection.execute(select(func.max(CORRECTION.c.seen_on))).scalar()


def newer_than(connection: Connection, stale: Correction) -> list[Correction]:
    """Proposals of the same exception that wait for a decision."""
    conditions = (CORRECTION.c.exception_id == stale.exception_id, CORRECTION.c.status == Status.PROPOSED)
    return select_where(connection, *conditions)


def refuse_stale(connection: Connection, one: Correction) -> None:
    """Raise CorrectionError, naming the newer proposal, for a correction whose evidence has changed."""
    if one.status is Status.EXPIRED:
        newer = ", ".join(each.correction_id for each in newer_than(connection, one)) or "none"
        raise CorrectionError(
            expected="a proposal that rests on the newest evidence",
            found=f"one that expired: {one.note}",
            where=f"correction {one.correction_id}",
            next_step=f"decide about the newer proposal instead: {newer}",
        )
