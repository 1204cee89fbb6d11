"""BP11: a voided invoice is still posted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.posting import post_invoice

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def bp11_void_still_posted(ground: Ground) -> None:
    """Finance voided an invoice in billing, but its posting stayed."""
    world = ground.world
    invoice = ground.claim_invoice(lambda one: one["status"] == "void")
    header = world.netsuite["transaction"][str(world.posted[invoice["id"]])]
    header.update(posting=True, voided=False, status="A")
    post_invoice(world, invoice["id"])
    world.deferrals.pop(invoice["id"], None)
    ground.tell("BP11", invoice["number"], -invoice["total"], invoice["currency"])
