"""Totals of invoices and credit notes: lines, discounts, tax and what is left to pay."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import ENTITIES, Entity
from q2c_pipeline.sandbox.company.money import half_away

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record


def tax_entry(net: int, entity: Entity) -> Record:
    """Exclusive tax of one line: 19 % of 99.99 EUR -> 19.00."""
    return {
        "amount": half_away(net * Fraction(entity.tax_percent) / 100),
        "tax_behavior": "exclusive",
        "taxable_amount": net,
        "tax_rate_details": {"tax_rate": entity.tax_rate_id},
        "type": "tax_rate_details",
    }


def line_net(line: Record) -> int:
    """Net amount of an invoice line in minor units: 100.00 less 10.00 discount -> 9000."""
    return int(line["amount"]) - sum(int(entry["amount"]) for entry in line["discount_amounts"])


def line_tax(line: Record) -> int:
    """Tax of a document line in minor units."""
    return sum(int(entry["amount"]) for entry in line["taxes"])


def credit_line_net(line: Record) -> int:
    """Net amount of a credit note line, positive, in minor units."""
    return int(line["amount"]) - int(line["discount_amount"])


def _total_taxes(net: int, tax: int, entity: Entity) -> list[Record]:
    return [{**tax_entry(net, entity), "amount": tax}]


def lines_of(world: World, invoice_id: str) -> list[Record]:
    """Lines of an invoice."""
    return [world.stripe["invoice_line"][key] for key in world.invoice_lines[invoice_id]]


def credited(world: World, invoice_id: str) -> int:
    """Amount by which issued credit notes lowered what an invoice still asks for."""
    notes = (world.stripe["credit_note"][key] for key in world.credits_of.get(invoice_id, ()))
    return sum(note["pre_payment_amount"] for note in notes if note["status"] == "issued")


def restate_invoice(world: World, invoice_id: str) -> None:
    """Bring an invoice's totals in line with its lines, payments and credits."""
    invoice = world.stripe["invoice"][invoice_id]
    lines = lines_of(world, invoice_id)
    entity = ENTITIES[invoice["metadata"]["legal_entity"]]
    net, tax = sum(map(line_net, lines)), sum(map(line_tax, lines))
    due = net + tax - credited(world, invoice_id)
    invoice.update(
        subtotal=net,
        subtotal_excluding_tax=net,
        total=net + tax,
        total_excluding_tax=net,
        total_taxes=_total_taxes(net, tax, entity),
        amount_due=due,
        amount_remaining=due - invoice["amount_paid"],
    )


def restate_credit(world: World, credit_id: str) -> None:
    """Bring a credit note's totals in line with its lines."""
    note = world.stripe["credit_note"][credit_id]
    lines = [world.stripe["credit_note_line"][key] for key in world.credit_lines[credit_id]]
    entity = ENTITIES[note["metadata"]["legal_entity"]]
    net, tax = sum(map(credit_line_net, lines)), sum(map(line_tax, lines))
    note.update(
        subtotal=net,
        total=net + tax,
        total_excluding_tax=net,
        total_taxes=_total_taxes(net, tax, entity),
        amount=net + tax,
    )
