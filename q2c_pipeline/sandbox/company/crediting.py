"""Credit notes for billed service that will not be delivered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net, lines_of, restate_credit, restate_invoice, tax_entry
from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.dates import DAY, at
from q2c_pipeline.sandbox.company.paying import refund, settle_if_nothing_left
from q2c_pipeline.sandbox.company.posting import post_credit, root_key, unpost

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.company.world import World


@dataclass(frozen=True)
class Credit:
    """A credit about to be issued for a root's service from `start` to `end` (positive minor units)."""

    root: Root
    start: date
    end: date
    gross: int
    net: int
    quantity: int


def issue_credit(world: World, credit: Credit, day: date) -> str:
    """Issue a credit note against the invoice that billed the service, post it, refund what was already paid."""
    credit_id = _write_note(world, credit, _billed_line(credit), day)
    _settle(world, credit_id, world.stripe["credit_note"][credit_id]["invoice"], day)
    return credit_id


def credit_by_mistake(world: World, day: date, invoice_id: str) -> None:
    """Credit the first line of an open invoice, and void the credit note the same evening."""
    invoice = world.stripe["invoice"][invoice_id]
    line = lines_of(world, invoice_id)[0]
    root = world.roots.get(root_key(world, line) or "")
    if root is None or invoice["status"] != "open" or line_net(line) <= 0:
        return
    first, last = line["period"]["start"].date(), (line["period"]["end"] - DAY).date()
    credit = Credit(root, first, last, line["amount"], line_net(line), line["quantity"])
    credit_id = _write_note(world, credit, line["id"], day)
    post_credit(world, credit_id)
    world.stripe["credit_note"][credit_id].update(status="void", voided_at=at(day, 18))
    unpost(world, credit_id, at(day, 21))


def _write_note(world: World, credit: Credit, line_id: str, day: date) -> str:
    invoice_id = world.stripe["invoice_line"][line_id]["invoice"]
    invoice = world.stripe["invoice"][invoice_id]
    credit_id = world.ids.stripe("cn")
    moment = world.moment(day, 3)
    entity = ENTITIES[credit.root.entity]
    world.stripe["credit_note"][credit_id] = {
        "id": credit_id,
        "number": world.ids.document(f"CN-{entity.code}"),
        "invoice": invoice_id,
        "customer": invoice["customer"],
        "currency": invoice["currency"],
        "status": "issued",
        "type": "pre_payment",
        "reason": "order_change",
        "created": moment,
        "effective_at": moment,
        "voided_at": None,
        "pre_payment_amount": 0,
        "post_payment_amount": 0,
        "metadata": {"legal_entity": entity.code},
    }
    _write_line(world, credit, credit_id, line_id)
    restate_credit(world, credit_id)
    world.credits_of[invoice_id].append(credit_id)
    return credit_id


def _billed_line(credit: Credit) -> str:
    starts = [start for start in credit.root.billed if start <= credit.start]
    return credit.root.billed[max(starts)]


def _write_line(world: World, credit: Credit, credit_id: str, line_id: str) -> None:
    identifier = world.ids.stripe("cnli")
    unit = world.stripe["invoice_line"][line_id]["pricing"]["unit_amount_decimal"]
    world.stripe["credit_note_line"][identifier] = {
        "id": identifier,
        "credit_note": credit_id,
        "type": "invoice_line_item",
        "invoice_line_item": line_id,
        "amount": credit.gross,
        "discount_amount": credit.gross - credit.net,
        "quantity": credit.quantity,
        "unit_amount_decimal": unit,
        "taxes": [tax_entry(credit.net, ENTITIES[credit.root.entity])],
        "metadata": {"service_start": credit.start.isoformat(), "service_end": credit.end.isoformat()},
    }
    world.credit_lines[credit_id].append(identifier)


def _settle(world: World, credit_id: str, invoice_id: str, day: date) -> None:
    note, invoice = world.stripe["credit_note"][credit_id], world.stripe["invoice"][invoice_id]
    before = min(note["total"], max(invoice["amount_remaining"], 0))
    after = note["total"] - before
    kind = "mixed" if before and after else "post_payment" if after else "pre_payment"
    note.update(pre_payment_amount=before, post_payment_amount=after, type=kind)
    restate_invoice(world, invoice_id)
    post_credit(world, credit_id)
    if after:
        refund(world, invoice_id, after, day)
    settle_if_nothing_left(world, invoice_id, day)
