"""Rewriting billing documents together with everything that follows from them: tax, totals, payments, postings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net, lines_of, restate_invoice, tax_entry
from q2c_pipeline.sandbox.company.billing import discount_entries
from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.ledger import erase
from q2c_pipeline.sandbox.company.paying import charge_of
from q2c_pipeline.sandbox.company.posting import post_invoice, post_payment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record


def change_line(world: World, line: Record, gross: int, net: int, **fields: object) -> int:
    """Bill other amounts on a line and carry the change through; gives the change of the net amount."""
    before = line_net(line)
    line.update(amount=gross, subtotal=gross, discount_amounts=discount_entries(line["id"], gross - net))
    price = fields.pop("price", None)
    if price:
        line["pricing"] = {**line["pricing"], "price_details": {**line["pricing"]["price_details"], "price": price}}
    unit = fields.pop("unit_amount", None)
    if unit:
        line["pricing"] = {**line["pricing"], "unit_amount_decimal": unit}
    quantity = fields.pop("quantity", None)
    if quantity is not None:
        line.update(quantity=quantity, quantity_decimal=str(quantity))
        name = world.stripe["product"][line["pricing"]["price_details"]["product"]]["name"]
        line["description"] = f"{quantity} x {name}"
    rework_invoice(world, line["invoice"])
    return net - before


def rework_invoice(world: World, invoice_id: str) -> None:
    """Bring tax, totals, payments and postings of an invoice in line with its lines."""
    invoice = world.stripe["invoice"][invoice_id]
    entity = ENTITIES[invoice["metadata"]["legal_entity"]]
    for line in lines_of(world, invoice_id):
        line["taxes"] = [tax_entry(line_net(line), entity)]
    due_before, paid_before = invoice["amount_due"], invoice["amount_paid"]
    restate_invoice(world, invoice_id)
    target = invoice["amount_due"] * paid_before // due_before if due_before else 0
    _repay(world, invoice, target, paid_before)
    restate_invoice(world, invoice_id)
    if invoice["status"] == "paid" and invoice["amount_remaining"]:
        invoice["status"] = "open"
        invoice["status_transitions"]["paid_at"] = None
    post_invoice(world, invoice_id)
    for payment in world.payments_of.get(invoice_id, ()):
        post_payment(world, payment)


def _repay(world: World, invoice: Record, target: int, before: int) -> None:
    """Let the customer's payments add up to `target`, each in proportion; the last takes the remainder."""
    payments = world.payments_of.get(invoice["id"], [])
    left = target
    for payment_id in payments:
        payment = world.stripe["invoice_payment"][payment_id]
        part = left if payment_id == payments[-1] else payment["amount_paid"] * target // before
        left -= part
        payment.update(amount_paid=part, amount_requested=part)
        charge = charge_of(world, payment_id)
        charge["amount"] = part
        world.stripe["payment_intent"][charge["payment_intent"]].update(amount=part, amount_received=part)
    invoice["amount_paid"] = target


def remove_lines(world: World, line_ids: Iterable[str]) -> None:
    """Let lines never have been billed; an invoice without lines never existed."""
    for line_id in list(line_ids):
        invoice_id = world.stripe["invoice_line"].pop(line_id)["invoice"]
        world.invoice_lines[invoice_id].remove(line_id)
        if not world.invoice_lines[invoice_id]:
            remove_invoice(world, invoice_id)
        elif invoice_id in world.posted and world.stripe["invoice"][invoice_id]["status"] != "void":
            rework_invoice(world, invoice_id)
        else:
            restate_invoice(world, invoice_id)


def remove_invoice(world: World, invoice_id: str) -> None:
    """Let an invoice never have existed, with its lines, payments and postings."""
    for payment_id in world.payments_of.pop(invoice_id, []):
        charge = charge_of(world, payment_id)
        for refund_id in world.charge_refunds.pop(charge["id"], []):
            remove_refund(world, refund_id)
        del world.stripe["charge"][charge["id"]]
        del world.stripe["payment_intent"][charge["payment_intent"]]
        del world.stripe["invoice_payment"][payment_id]
        _unpost(world, payment_id)
    for line_id in world.invoice_lines.pop(invoice_id, []):
        del world.stripe["invoice_line"][line_id]
    del world.stripe["invoice"][invoice_id]
    _unpost(world, invoice_id)


def remove_refund(world: World, refund_id: str) -> None:
    """Let a refund never have been paid."""
    refund = world.stripe["refund"].pop(refund_id)
    charge = world.stripe["charge"].get(refund["charge"])
    if charge:
        charge["amount_refunded"] -= refund["amount"]
    _unpost(world, refund_id)


def remove_credit(world: World, credit_id: str) -> None:
    """Let a credit note never have been issued, nor its refunds; the invoice asks for the full amount again."""
    note = world.stripe["credit_note"].pop(credit_id)
    for line_id in world.credit_lines.pop(credit_id):
        del world.stripe["credit_note_line"][line_id]
    _unpost(world, credit_id)
    invoice_id = note["invoice"]
    world.credits_of[invoice_id].remove(credit_id)
    if note["post_payment_amount"]:
        for payment_id in world.payments_of[invoice_id]:
            for refund_id in world.charge_refunds.pop(charge_of(world, payment_id)["id"], []):
                remove_refund(world, refund_id)
    rework_invoice(world, invoice_id)


def _unpost(world: World, document_id: str) -> None:
    number = world.posted.pop(document_id, None)
    world.deferrals.pop(document_id, None)
    if number is not None:
        erase(world, number)


def latest_invoices(world: World) -> None:
    """Let every subscription point to its newest remaining invoice."""
    latest: dict[str, str] = {}
    for invoice_id, invoice in world.stripe["invoice"].items():
        if invoice["parent"]:
            key = invoice["parent"]["subscription_details"]["subscription"]
            if key not in latest or invoice["created"] >= world.stripe["invoice"][latest[key]]["created"]:
                latest[key] = invoice_id
    for key, subscription in world.stripe["subscription"].items():
        subscription["latest_invoice"] = latest.get(key)
