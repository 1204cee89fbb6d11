"""BP11: a voided invoice is still posted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.bp10 import claim_note
from q2c_pipeline.sandbox.company.posting import post_credit, post_invoice

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def bp11_void_credit_still_posted(ground: Ground) -> None:
    """A credit note was issued by mistake and voided the same evening; its posting stayed, and the receivable is too low."""
    world = ground.world
    note = claim_note(ground, "void")
    header = world.netsuite["transaction"][str(world.posted[note["id"]])]
    header.update(posting=True, voided=False, status="A")
    post_credit(world, note["id"])
    world.deferrals.pop(note["id"], None)
    ground.tell("BP11", note["number"], note["total"], note["currency"])


def bp11_void_still_posted(ground: Ground) -> None:
    """Finance voided an invoice in billing, but its posting stayed."""
    world = ground.world
    invoice = ground.claim_invoice(lambda one: one["status"] == "void")
    header = world.netsuite["transaction"][str(world.posted[invoice["id"]])]
    header.update(posting=True, voided=False, status="A")
    post_invoice(world, invoice["id"])
    world.deferrals.pop(invoice["id"], None)
    ground.tell("BP11", invoice["number"], -invoice["total"], invoice["currency"])
