"""ST02: an invoice's status contradicts what is open or what was paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def st02_paid_but_not_told(ground: Ground) -> None:
    """Nothing is left to pay, yet the invoice still says open: reminders go to a customer who has paid."""
    invoice = ground.claim_invoice(lambda one: one["status"] == "paid" and one["amount_paid"] > 0)
    invoice["status"] = "open"
    invoice["status_transitions"]["paid_at"] = None
    ground.tell_without_money("ST02", invoice["number"])


def st02_closed_with_a_balance(ground: Ground) -> None:
    """A partly paid invoice was closed as paid: its rest will never be asked for."""
    invoice = ground.claim_invoice(lambda one: one["status"] == "open" and one["amount_remaining"] > 0)
    invoice["status"] = "paid"
    ground.tell_without_money("ST02", invoice["number"])


def st02_payment_counted_twice(ground: Ground) -> None:
    """The invoice claims more paid than its payments say, though its balance looks settled."""
    invoice = ground.claim_invoice(_was_paid_in_parts)
    invoice["amount_paid"] += 100
    ground.tell_without_money("ST02", invoice["number"])


def _was_paid_in_parts(invoice: Record) -> bool:
    return bool(invoice["status"] == "paid" and invoice["amount_paid"] > 0)
