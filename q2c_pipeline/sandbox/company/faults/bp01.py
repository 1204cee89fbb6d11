"""BP01: an invoice is not in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.ledger import erase

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def bp01_not_posted(ground: Ground) -> None:
    """The posting job lost some invoices."""
    for _ in range(ground.volume):
        invoice = ground.claim_invoice(lambda one: one["status"] in FINAL)
        erase(ground.world, ground.world.posted.pop(invoice["id"]))
        ground.world.deferrals.pop(invoice["id"], None)
        ground.tell("BP01", invoice["number"], invoice["total"], invoice["currency"])


def bp01_not_posted_in_foreign_currency(ground: Ground) -> None:
    """An invoice in a currency other than the entity's never reached the ledger."""
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL and _foreign(one["currency"], one["number"]))
    erase(ground.world, ground.world.posted.pop(invoice["id"]))
    ground.world.deferrals.pop(invoice["id"], None)
    ground.tell("BP01", invoice["number"], invoice["total"], invoice["currency"])


def _foreign(currency: str, number: str) -> bool:
    return currency == "eur" and "-UK-" in number
