"""BP03: a document is posted twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.ledger import entries_of, post
from q2c_pipeline.sandbox.company.posting import document_heading

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def bp03_posted_again_by_hand(ground: Ground) -> None:
    """Somebody missed the posting of an invoice and entered it again as a journal that quotes its number."""
    world = ground.world
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL)
    heading = document_heading(world, invoice, "Journal")
    heading = replace(heading, tranid=f"JE-{heading.entity}-{invoice['number'][-6:]}", externalid=None, memo="Missing invoice")
    entries = [replace(entry, contract_line=None) for entry in entries_of(world, world.posted[invoice["id"]])]
    post(world, heading, entries)
    ground.tell("BP03", invoice["number"], -invoice["total"], invoice["currency"])


def bp03_posted_twice(ground: Ground) -> None:
    """A retry after a time-out made a second transaction of the same document, the same day."""
    for _ in range(ground.volume):
        invoice = ground.claim_invoice(lambda one: one["status"] in FINAL)
        first = ground.world.posted[invoice["id"]]
        heading = document_heading(ground.world, invoice, "CustInvc")
        heading = replace(heading, tranid=f"{invoice['number']}-R", externalid=f"{invoice['id']}-retry")
        post(ground.world, heading, entries_of(ground.world, first))
        ground.tell("BP03", invoice["number"], -invoice["total"], invoice["currency"])
