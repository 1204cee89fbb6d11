"""BP08: an invoice is posted to accounts of the wrong class."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.ledger import entries_of, write_entries
from q2c_pipeline.sandbox.company.money import to_minor
from q2c_pipeline.sandbox.company.posting import document_heading

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def bp08_deferred_as_revenue(ground: Ground) -> None:
    """Service of later months was posted as revenue at once, and is therefore not released any more."""
    for _ in range(ground.volume):
        invoice = ground.claim_invoice(lambda one: _holds(ground, one, "deferred"))
        _repost(ground, invoice, "deferred", "revenue")
        ground.world.deferrals.pop(invoice["id"], None)


def bp08_revenue_as_accrual(ground: Ground) -> None:
    """Revenue landed on a balance-sheet account that has nothing to do with sales."""
    _repost(ground, ground.claim_invoice(lambda one: _holds(ground, one, "revenue")), "revenue", "accrual")


def _holds(ground: Ground, invoice: Record, account: str) -> bool:
    if invoice["status"] not in FINAL:
        return False
    return any(
        entry.account == account and entry.amount for entry in entries_of(ground.world, ground.world.posted[invoice["id"]])
    )


def _repost(ground: Ground, invoice: Record, right: str, wrong: str) -> None:
    world, number = ground.world, ground.world.posted[invoice["id"]]
    entries = entries_of(world, number)
    moved = sum((entry.amount for entry in entries if entry.account == right), Decimal(0))
    heading = document_heading(world, invoice, "CustInvc")
    entries = [replace(entry, account=wrong) if entry.account == right else entry for entry in entries]
    write_entries(world, number, heading, entries)
    ground.tell("BP08", invoice["number"], int(to_minor(-moved, heading.currency)), heading.currency)
