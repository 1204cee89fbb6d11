"""BP05: the posted tax differs from the document's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.ledger import entries_of, shift_line, write_entries
from q2c_pipeline.sandbox.company.money import to_major
from q2c_pipeline.sandbox.company.posting import document_heading

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def bp05_reduced_rate(ground: Ground) -> None:
    """Half of the tax was posted, as if a reduced rate held; the receivable is short by the other half."""
    for _ in range(ground.volume):
        invoice = ground.claim_invoice(lambda one: _taxed(one, 10))
        _shift(ground, invoice, _tax(invoice) // 2)


def bp05_one_minor_unit(ground: Ground) -> None:
    """The ledger computed the tax by itself and rounded another way: one cent more."""
    invoice = ground.claim_invoice(lambda one: _taxed(one, 10))
    _shift(ground, invoice, -1)


def bp05_tax_in_revenue(ground: Ground) -> None:
    """The invoice was posted gross: what should be tax stands in revenue."""
    world = ground.world
    invoice = ground.claim_invoice(lambda one: _taxed(one, 1))
    number = world.posted[invoice["id"]]
    entries = [replace(entry, account="revenue") if entry.account == "tax" else entry for entry in entries_of(world, number)]
    write_entries(world, number, document_heading(world, invoice, "CustInvc"), entries)
    ground.tell("BP05", invoice["number"], _tax(invoice), invoice["currency"])


def _tax(invoice: Record) -> int:
    return int(invoice["total"] - invoice["subtotal"])


def _taxed(invoice: Record, least: int) -> bool:
    return invoice["status"] in FINAL and _tax(invoice) >= least


def _shift(ground: Ground, invoice: Record, minor: int) -> None:
    world, number = ground.world, ground.world.posted[invoice["id"]]
    amount = to_major(minor, invoice["currency"].upper())
    shift_line(world, f"{number}-0", -amount)
    shift_line(world, world.ledger_lines[number][-1], amount)
    ground.tell("BP05", invoice["number"], minor, invoice["currency"])
