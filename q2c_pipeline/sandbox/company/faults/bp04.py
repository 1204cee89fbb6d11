"""BP04: the posted net amount differs from the invoice's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.ledger import shift_line
from q2c_pipeline.sandbox.company.money import to_major

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def bp04_net_differs(ground: Ground) -> None:
    """A tenth of the net amount went missing on the way to the ledger."""
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL and one["subtotal"] > 1000)
    _post_less(ground, invoice, invoice["subtotal"] // 10)


def bp04_one_minor_unit(ground: Ground) -> None:
    """One cent too much was posted."""
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL and one["subtotal"] > 1000)
    _post_less(ground, invoice, -1)


def _post_less(ground: Ground, invoice: Record, minor: int) -> None:
    world, number = ground.world, ground.world.posted[invoice["id"]]
    amount = to_major(minor, invoice["currency"].upper())
    shift_line(world, f"{number}-0", -amount)
    shift_line(world, f"{number}-1", amount)
    ground.tell("BP04", invoice["number"], minor, invoice["currency"])
