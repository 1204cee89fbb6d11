"""Deciding: who may approve what, how many it takes, and that what is approved is what was shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import insert, select

from q2c_pipeline.corrections import outbox
from q2c_pipeline.corrections.policy import NUMBER, Approvers, Rule, approvers
from q2c_pipeline.corrections.record import Correction, Status, find, move, not_possible, select_where
from q2c_pipeline.corrections.refresh import refuse_stale
from q2c_pipeline.corrections.settling import plan_of
from q2c_pipeline.corrections.trail import Trail
from q2c_pipeline.domain.keys import digest
from q2c_pipeline.errors import CorrectionError
from q2c_pipeline.state.correction_tables import CORRECTION, CORRECTION_DECISION

Permit = Callable[[str | None], None]
"""Raises NotAllowedError unless the person at work may approve corrections of the entity."""
LetBe = Callable[[Collection[str]], Iterable[str]]
"""Says which of these exceptions nobody is to repair now."""
_LEADING = (
    *(Status.APPROVED, Status.SENT, Status.UNKNOWN, Status.ACKNOWLEDGED, Status.VERIFIED),
    *(Status.TASK, Status.CLOSED),
)
"""Where an earlier step may stand when a later one is approved."""
NOBODY = "policy"
"""Who approves what the policy lets through by itself."""


@dataclass(frozen=True)
class Shown:
    """A set of corrections as somebody is asked about it: how many, what they move by currency, and the set's digest."""

    corrections: tuple[Correction, ...]

    @property
    def totals(self) -> Mapping[str, Decimal]:
        """Sum of the absolute expected effects by currency; each exception counts once."""
        amounts: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for one in self.corrections:
            if one.currency:
                amounts[one.currency][one.exception_id] = abs(one.difference_amount)
        return {currency: sum(by_exception.values(), Decimal(0)) for currency, by_exception in sorted(amounts.items())}

    @property
    def digest(self) -> str:
        """Changes with any change of the set or of what is proposed in it."""
        return digest(*[f"{one.correction_id} {one.status.value} {one.note}" for one in self.corrections])


def proposed(trail: Trail, ids: Sequence[str]) -> Shown:
    """What would be decided for these ids: their whole plans. Raises CorrectionError for one that is not up for decision."""
    found: dict[str, Correction] = {}
    for correction_id in ids:
        one = find(trail.connection, correction_id)
        refuse_stale(trail.connection, one)
        if one.status is not Status.PROPOSED:
            raise not_possible(one, Status.APPROVED, one.status)
        found |= {each.correction_id: each for each in plan_of(trail.connection, one) if each.status is Status.PROPOSED}
    return Shown(tuple(sorted(found.values(), key=lambda one: (one.plan_id, one.step, one.correction_id))))


def approve(trail: Trail, shown: Shown, confirmed: str, permit: Permit, rules: Sequence[Rule], why: str) -> list[Correction]:
    """Approve a set as it was shown, all of it or nothing; returns those that may now be pushed.

    Refused: another set than the one that was confirmed, somebody without the role, the proposer, and the same person twice.
    """
    _refuse_changed(shown, confirmed)
    ready = []
    for plan in _plans(shown.corrections):
        for one in plan:
            _refuse_person(trail, one, permit)
            refuse_orphan(trail, one, shown.corrections)
        ready += _decide(trail, plan, approvers(rules, plan), why, confirmed)
    return ready


def approve_automatically(trail: Trail, rules: Sequence[Rule], let_be: LetBe = lambda _: ()) -> list[Correction]:
    """Approve what the policy lets through without anybody, plan by plan; not for exceptions that are to be let be."""
    waiting = select_where(trail.connection, CORRECTION.c.status == Status.PROPOSED, CORRECTION.c.undoes.is_(None))
    left = set(let_be({one.exception_id for one in waiting}))
    waiting = [one for one in waiting if one.exception_id not in left]
    plans = [plan for plan in _plans(waiting) if approvers(rules, plan) is Approvers.AUTOMATIC]
    plans = [plan for plan in plans if not any(_stopped_before(trail, one, plan) for one in plan)]
    nobody = replace(trail, who=NOBODY)
    return [one for plan in plans for one in _decide(nobody, plan, Approvers.AUTOMATIC, "the policy asks nobody", "")]


def reject(trail: Trail, shown: Shown, confirmed: str, permit: Permit, why: str) -> list[Correction]:
    """Turn proposals down as they were shown; they come back only when their evidence changes."""
    _refuse_changed(shown, confirmed)
    done = []
    for one in shown.corrections:
        permit(one.legal_entity_code)
        after = move(trail.connection, one, Status.REJECTED, trail.at, why)
        _write(trail, one, "rejected", why, "")
        trail.note("reject correction", after, one, why)
        done.append(after)
        if one.undoes is not None:
            original = find(trail.connection, one.undoes)
            back = move(trail.connection, original, Status.ACKNOWLEDGED, trail.at, f"its undoing was turned down: {why}")
            trail.note("correction acknowledged", back, original, back.note)
    return done


def _refuse_changed(shown: Shown, confirmed: str) -> None:
    if shown.digest != confirmed:
        raise CorrectionError(
            expected=f"the set that was shown ({confirmed or 'none was confirmed'})",
            found=f"{len(shown.corrections)} corrections, {shown.digest}",
            where="approval",
            next_step="look at the list and its totals again, then confirm its digest",
        )


def _refuse_person(trail: Trail, one: Correction, permit: Permit) -> None:
    permit(one.legal_entity_code)
    before = select(CORRECTION_DECISION.c.who).where(
        CORRECTION_DECISION.c.correction_id == one.correction_id,
        CORRECTION_DECISION.c.decision == "approved",
        CORRECTION_DECISION.c.at >= one.changed_at,  # approvals from before it expired do not count, nor do they bar anybody
    )
    if one.proposer == trail.who or trail.who in trail.connection.execute(before).scalars().all():
        raise CorrectionError(
            expected="another person than who proposed it or approved it before",
            found=trail.who,
            where=f"correction {one.correction_id}",
            next_step="ask a colleague who may approve corrections of this entity",
        )


def refuse_orphan(trail: Trail, one: Correction, together: Sequence[Correction] = ()) -> None:
    """Raise CorrectionError for a step behind one that has stopped and is not decided together with it."""
    if stopped := _stopped_before(trail, one, together):
        raise CorrectionError(
            expected="a plan whose earlier steps are approved, under way or done",
            found=f"step {stopped[0].step} {stopped[0].status.value}",
            where=f"step {one.step} of the plan, correction {one.correction_id}",
            next_step=f"see `q2c corrections show {stopped[0].correction_id}`: step {one.step} would wait for it for ever",
        )


def _stopped_before(trail: Trail, one: Correction, together: Sequence[Correction]) -> list[Correction]:
    """Earlier steps of the plan after which this one can never be pushed."""
    decided = {each.correction_id for each in together}
    earlier = (CORRECTION.c.plan_id == one.plan_id, CORRECTION.c.step < one.step, CORRECTION.c.status.not_in(_LEADING))
    return [each for each in select_where(trail.connection, *earlier) if each.correction_id not in decided]


def _decide(trail: Trail, plan: Sequence[Correction], needed: Approvers, why: str, shown: str) -> list[Correction]:
    """One more approval of a plan; the last one that it takes puts it into the outbox, in the same transaction."""
    ready = []
    for one in plan:
        _write(trail, one, "approved", why, shown)
        if _approvals(trail, one) < NUMBER[needed]:
            trail.note("approve correction", one, one, f"first of {NUMBER[needed]} approvals: {why}")
            continue
        after = move(trail.connection, one, Status.APPROVED, trail.at, "")
        outbox.put(trail.connection, after, trail.at)
        trail.note("approve correction", after, one, why)
        ready.append(after)
    return ready


def _write(trail: Trail, one: Correction, decision: str, why: str, shown: str) -> None:
    values = {
        "correction_id": one.correction_id,
        "who": trail.who,
        "at": trail.at,
        "decision": decision,
        "why": why,
        "shown": shown,
    }
    trail.connection.execute(insert(CORRECTION_DECISION).values(**values))


def _approvals(trail: Trail, one: Correction) -> int:
    """Approvals since the correction was last proposed; those from before it expired do not count."""
    query = select(CORRECTION_DECISION.c.who).where(
        CORRECTION_DECISION.c.correction_id == one.correction_id,
        CORRECTION_DECISION.c.decision == "approved",
        CORRECTION_DECISION.c.at >= one.changed_at,
    )
    return len(set(trail.connection.execute(query).scalars()))


def _plans(corrections: Sequence[Correction]) -> list[list[Correction]]:
    plans: dict[str, list[Correction]] = defaultdict(list)
    for one in corrections:
        plans[one.plan_id].append(one)
    return list(plans.values())
