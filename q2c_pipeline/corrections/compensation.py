"""Undoing: restore before-values, delete a draft or reverse a journal: a correction like any other, with its own approval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, func, select, update

from q2c_pipeline.corrections import outbox
from q2c_pipeline.corrections.record import Correction, Status, add, move, select_where
from q2c_pipeline.corrections.trail import Trail
from q2c_pipeline.domain.keys import digest
from q2c_pipeline.domain.repairs import Action, FieldChange, Payload, Remove, ReverseJournal, SetFields, Target
from q2c_pipeline.errors import CorrectionError
from q2c_pipeline.state.correction_tables import CORRECTION

_MADE = {
    Action.DRAFT_JOURNAL: "journalEntry",
    Action.PENDING_ITEM: "invoiceitem",
    Action.DRAFT_INVOICE: "invoice",
}
_LEANING = frozenset(
    {
        Status.APPROVED,
        Status.SENT,
        Status.UNKNOWN,
        Status.ACKNOWLEDGED,
        Status.VERIFIED,
        Status.NOT_EFFECTIVE,
        Status.COMPENSATING,
        Status.DEAD_LETTER,
    }
)
POSTED = "posted"
"""What a note begins with when a draft of ours is known to have been posted."""


def undoing(trail: Trail, original: Correction, today: date, why: str) -> Correction:
    """The correction that takes another one back, stored as proposed by whoever asks for it; the original waits for it.

    Raises CorrectionError for one that never took effect or cannot be undone.
    """
    action, target, payload = _reversed(original, today)
    earlier = select(func.count()).where(CORRECTION.c.undoes == original.correction_id)
    base = digest(original.correction_id, "undo", trail.connection.execute(earlier).scalar_one(), length=32)
    waiting = move(trail.connection, original, Status.COMPENSATING, trail.at, why)
    trail.note("compensate correction", waiting, original, why)
    undo = replace(
        original,
        correction_id=base,
        base_id=base,
        plan_id=base,
        step=1,
        action=action,
        target=target,
        payload=payload,
        is_reversible=False,
        proposer=trail.who,
        undoes=original.correction_id,
        status=Status.PROPOSED,
        note=why,
        changed_at=trail.at,
        acknowledged_at=None,
        external_id=None,
        version_after=None,
    )
    add(trail.connection, [undo])
    trail.note("propose correction", undo, None, why)
    return undo


def refuse_out_of_order(connection: Connection, one: Correction) -> None:
    """Raise CorrectionError while a later step of the plan is under way or in effect: it leans on this one."""
    later = select_where(
        connection, CORRECTION.c.plan_id == one.plan_id, CORRECTION.c.step > one.step, CORRECTION.c.undoes.is_(None)
    )
    if leaning := [each for each in later if each.status in _LEANING]:
        last = leaning[-1]
        raise CorrectionError(
            expected="the last step of its plan that is under way or in effect",
            found=f"step {one.step}, with step {last.step} {last.status.value} after it",
            where=f"correction {one.correction_id}",
            next_step=f"wait until {last.correction_id} is settled, undo that one if it took effect, then this one",
        )


def undo_plan(trail: Trail, done: Sequence[Correction], why: str) -> None:
    """Take back the steps of a failed plan, the last one first; their approval was the plan's."""
    plan_id = digest(*[one.correction_id for one in done], "undo", length=32)
    for step, original in enumerate(sorted(done, key=lambda one: -one.step), start=1):
        undo = undoing(trail, original, trail.at.date(), why)
        same = CORRECTION.c.correction_id == undo.correction_id
        trail.connection.execute(update(CORRECTION).where(same).values(plan_id=plan_id, step=step))
        planned = replace(undo, plan_id=plan_id, step=step)
        after = move(trail.connection, planned, Status.APPROVED, trail.at, why)
        outbox.put(trail.connection, after, trail.at)
        trail.note("approve correction", after, planned, "covered by the approval of the plan")


def _reversed(original: Correction, today: date) -> tuple[Action, Target, Payload]:
    """A journal that was posted is reversed, a draft is deleted, fields get their old values back."""
    target = replace(original.target, version=original.version_after)
    if isinstance(original.payload, SetFields):
        back = tuple(FieldChange(one.name, one.after, one.before) for one in original.payload.changes)
        return Action.SET_FIELDS, target, SetFields(back)
    if original.action not in _MADE or original.external_id is None:
        raise CorrectionError(
            expected="a correction that made or changed something",
            found=f"{original.action.value}, {original.status.value}",
            where=f"correction {original.correction_id}",
            next_step="undo it by hand in its system",
        )
    made = Target(original.instance, _MADE[original.action], original.external_id, original.target.business_key, target.version)
    if original.action is Action.DRAFT_JOURNAL and original.note.startswith(POSTED):
        return Action.REVERSE_JOURNAL, made, ReverseJournal(original.external_id, today)
    return Action.REMOVE, made, Remove(made.object_name, original.external_id)
