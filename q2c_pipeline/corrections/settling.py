"""What an outcome does to a correction: acknowledged, tried again, looked up, given up, or handed to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from q2c_pipeline.corrections import outbox
from q2c_pipeline.corrections.compensation import undo_plan
from q2c_pipeline.corrections.outbox import Claim
from q2c_pipeline.corrections.policy import Limits
from q2c_pipeline.corrections.record import HANDED_OVER, PLAN_FAILED, Correction, Status, add, find, learn, move, select_where
from q2c_pipeline.corrections.trail import Trail
from q2c_pipeline.domain.keys import digest
from q2c_pipeline.domain.repairs import Action, Outcome, Target, Task, Verdict
from q2c_pipeline.state.correction_tables import CORRECTION


@dataclass(frozen=True)
class Desk:
    """Where outcomes are settled: the transaction's trail, who pushes, the limits, and how long to wait before a repeat."""

    trail: Trail
    pusher: str
    limits: Limits

    @property
    def connection(self) -> Connection:
        """The caller's transaction."""
        return self.trail.connection


def take(desk: Desk, instance: str, limit: int) -> list[Claim]:
    """Claim what is due for an instance and say so in every correction's trail; commit before calling anybody."""
    at, limits = desk.trail.at, desk.limits
    claims = outbox.claim(desk.connection, instance, desk.pusher, at, limits.lease, limit)
    taken = []
    for each in claims:
        one = each.correction
        sent = one if one.status is Status.SENT else move(desk.connection, one, Status.SENT, at)
        taken.append(replace(each, correction=sent))
        desk.trail.note("look up correction" if each.must_look_up else "send correction", sent, one, f"attempt {each.attempts}")
    return taken


def settle(desk: Desk, claim: Claim, outcome: Outcome, wait: timedelta) -> Status:
    """Write an outcome; one that comes after the lease ran out counts only where it says that something was done."""
    one = claim.correction
    if not outbox.is_held(desk.connection, one, desk.pusher):
        return _settle_late(desk, one, outcome)
    outbox.end_attempt(desk.connection, one, outcome, desk.trail.at)
    outcome = _honest(desk, claim, outcome)
    status = _SETTLED[outcome.verdict]
    if outcome.verdict is Verdict.FAILED and claim.attempts >= desk.limits.attempts:
        status = Status.DEAD_LETTER
    facts = _made(desk, outcome) if status is Status.ACKNOWLEDGED else {}
    after = move(desk.connection, one, status, desk.trail.at, outcome.detail, **facts)
    desk.trail.note(f"correction {status.value}", after, one, outcome.detail or outcome.verdict.value)
    outbox.release(desk.connection, one, _ROW[status], desk.trail.at + wait)
    _follow(desk, after)
    return status


def _made(desk: Desk, outcome: Outcome) -> dict[str, Any]:
    return {
        "acknowledged_at": desk.trail.at,
        "external_id": outcome.external_id,
        "version_after": outcome.version_after,
    }


def _honest(desk: Desk, claim: Claim, outcome: Outcome) -> Outcome:
    """While an attempt is unanswered only `done` is believed: no failure makes it a failure, a refusal or a dead letter."""
    one = claim.correction
    if outcome.verdict is Verdict.DONE or not outbox.is_unanswered(desk.connection, one):
        return outcome
    detail = f"not known whether it took effect: {outcome.detail}"
    if claim.attempts >= desk.limits.attempts:
        detail += f" (attempt {claim.attempts}; next: look in {one.instance} for {one.attempt_key}, each push looks again)"
    return replace(outcome, verdict=Verdict.UNKNOWN, detail=detail)


def _settle_late(desk: Desk, one: Correction, outcome: Outcome) -> Status:
    """What a pusher that was held up past its lease did is not lost, even if the correction has stopped meanwhile."""
    now = find(desk.connection, one.correction_id)
    may_have_acted = outcome.verdict in (Verdict.DONE, Verdict.UNKNOWN)
    if not may_have_acted or now.status in _IN_EFFECT:
        return now.status
    status = Status.ACKNOWLEDGED if outcome.verdict is Verdict.DONE else Status.UNKNOWN
    if status is Status.UNKNOWN and now.status not in (Status.APPROVED, Status.DEAD_LETTER):
        status = now.status
    outbox.note_late(desk.connection, one, desk.pusher, outcome, desk.trail.at)
    if status is now.status or not outbox.take_back(desk.connection, one, _ROW[status], desk.trail.at):
        return now.status  # whoever holds it looks again, because of the note
    facts = _made(desk, outcome) if status is Status.ACKNOWLEDGED else {}
    note = f"answered late, when it was {now.status.value}: {outcome.detail or outcome.verdict.value}"
    after = learn(desk.connection, now, status, desk.trail.at, note, **facts)
    desk.trail.note(f"correction {status.value}", after, now, note)
    if now.status is Status.COMPENSATED:
        _undo_again(desk, after)
    return status


_IN_EFFECT = frozenset({Status.ACKNOWLEDGED, Status.VERIFIED, Status.NOT_EFFECTIVE, Status.COMPENSATING, Status.UNKNOWN})
"""What a late answer says nothing new of: it is known to be in effect, or looked up anyway."""


def _undo_again(desk: Desk, original: Correction) -> None:
    """An attempt on its way acted after its undoing: the undoing had no effect, which people are told."""
    undone = (CORRECTION.c.undoes == original.correction_id, CORRECTION.c.status.in_((Status.ACKNOWLEDGED, Status.VERIFIED)))
    for undo in select_where(desk.connection, *undone):
        after = learn(desk.connection, undo, Status.NOT_EFFECTIVE, desk.trail.at, original.note)
        desk.trail.note("correction not_effective", after, undo, original.note)


_SETTLED = {
    Verdict.DONE: Status.ACKNOWLEDGED,
    Verdict.CHANGED: Status.REVIEW,
    Verdict.REJECTED: Status.REFUSED,
    Verdict.UNKNOWN: Status.UNKNOWN,
    Verdict.FAILED: Status.APPROVED,
}
_ROW = {
    Status.ACKNOWLEDGED: "finished",
    Status.REVIEW: "finished",
    Status.REFUSED: "finished",
    Status.UNKNOWN: "unknown",
    Status.APPROVED: "waiting",
    Status.DEAD_LETTER: "dead",
}


def found_nothing(desk: Desk, claim: Claim) -> Claim | None:
    """An unanswered attempt did not take effect: begin the next one, if the row is still ours; commit before sending."""
    one = claim.correction
    if not outbox.is_held(desk.connection, one, desk.pusher):
        return None
    outbox.end_attempt(desk.connection, one, None, desk.trail.at)
    outbox.begin_attempt(desk.connection, one, "send", desk.pusher, desk.trail.at)
    desk.trail.note("send correction", one, one, "looked up: the earlier attempt did not take effect")
    return replace(claim, must_look_up=False)


def _follow(desk: Desk, after: Correction) -> None:
    """What else an answer means: for the corrected original of an undoing, for the rest of the plan, and for people."""
    if after.undoes is not None:
        _settle_original(desk, after)
    if after.status in (Status.REFUSED, Status.REVIEW, Status.DEAD_LETTER):
        _stop_plan(desk, after)
    if after.status is Status.REFUSED:
        _hand_over(desk, after)


def _settle_original(desk: Desk, undoing: Correction) -> None:
    original = find(desk.connection, undoing.undoes or "")
    status = {Status.ACKNOWLEDGED: Status.COMPENSATED, Status.REFUSED: Status.ACKNOWLEDGED, Status.REVIEW: Status.ACKNOWLEDGED}
    if original.status is Status.COMPENSATING and undoing.status in status:
        note = f"undone by {undoing.correction_id}" if undoing.status is Status.ACKNOWLEDGED else f"not undone: {undoing.note}"
        after = move(desk.connection, original, status[undoing.status], desk.trail.at, note)
        desk.trail.note(f"correction {after.status.value}", after, original, note)


def _stop_plan(desk: Desk, failed: Correction) -> None:
    """Later steps are not sent any more, earlier ones are undone in reverse order; the plan's approval covers both.

    An undoing that fails stops the rest of its rollback: what stands below a step that stands must stand too.
    """
    plan = select_where(desk.connection, CORRECTION.c.plan_id == failed.plan_id)
    for one in plan:
        if one.step > failed.step and one.status is Status.APPROVED and outbox.withdraw(desk.connection, one):
            after = move(desk.connection, one, Status.EXPIRED, desk.trail.at, f"{PLAN_FAILED} at step {failed.step}")
            desk.trail.note("expire correction", after, one, after.note)
            _leave_in_effect(desk, after)
    if failed.undoes is None:
        done = [one for one in plan if one.step < failed.step and one.status is Status.ACKNOWLEDGED]
        undo_plan(desk.trail, done, f"step {failed.step} of the plan failed: {failed.note}")


def _leave_in_effect(desk: Desk, expired: Correction) -> None:
    """The original of an undoing that is not sent any more stays in effect, and says why."""
    if expired.undoes is not None:
        original = find(desk.connection, expired.undoes)
        after = move(desk.connection, original, Status.ACKNOWLEDGED, desk.trail.at, f"not undone: {expired.note}")
        desk.trail.note("correction acknowledged", after, original, after.note)


def _hand_over(desk: Desk, refused: Correction) -> None:
    """A business refusal is a person's task, in the vendor's own words."""
    title = f"{refused.control_id} {refused.subject_key}: {refused.instance} refused the correction"
    task = replace(
        refused,
        correction_id=digest(refused.correction_id, "refused", length=32),
        base_id=digest(refused.base_id, "refused", length=32),
        action=Action.TASK,
        target=Target("", "", None, refused.subject_key),
        instance="",
        payload=Task(refused.queue, title, refused.note),
        is_reversible=False,
        undoes=None,
        status=Status.TASK,
        note=f"{HANDED_OVER} {refused.correction_id}",
    )
    known = select_where(desk.connection, CORRECTION.c.correction_id == task.correction_id)
    if not known:
        add(desk.connection, [task])
        desk.trail.note("open task", task, None, refused.note)
    elif known[0].status is Status.CLOSED:
        again = move(desk.connection, known[0], Status.TASK, desk.trail.at, task.note)
        desk.trail.note("open task", again, known[0], f"refused again: {refused.note}")


def plan_of(connection: Connection, one: Correction) -> Sequence[Correction]:
    """All corrections of a plan that somebody decides about together."""
    return select_where(connection, CORRECTION.c.plan_id == one.plan_id, CORRECTION.c.action != Action.TASK.value)
