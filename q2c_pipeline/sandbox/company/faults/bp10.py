"""BP10: a credit note is not in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.ledger import erase
from q2c_pipeline.sandbox.company.posting import unpost

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def bp10_not_posted(ground: Ground) -> None:
    """The posting job reads invoices only: a credit note never reached the ledger."""
    note = _claim(ground)
    erase(ground.world, ground.world.posted.pop(note["id"]))
    ground.world.deferrals.pop(note["id"], None)


def bp10_voided_in_ledger_only(ground: Ground) -> None:
    """Finance voided the credit memo in the ledger, while billing still counts it as issued."""
    note = _claim(ground)
    unpost(ground.world, note["id"], ground.world.moment(note["created"].date(), 21))


def _claim(ground: Ground) -> Record:
    note = claim_note(ground, "issued")
    ground.tell("BP10", note["number"], -note["total"], note["currency"])
    return note


def claim_note(ground: Ground, status: str) -> Record:
    """Take a credit note that is out of every grace, with its invoice."""
    notes = ground.world.stripe["credit_note"]
    key = ground.pick("credit note", notes, lambda key: _free(ground, notes[key], status))
    ground.used |= {key, notes[key]["invoice"]}
    return notes[key]


def _free(ground: Ground, note: Record, status: str) -> bool:
    return (
        note["status"] == status
        and note["created"].date() <= ground.settled_day
        and not ground.used & {note["id"], note["invoice"]}
    )
