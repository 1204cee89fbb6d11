"""BP06: an invoice is posted in another legal entity."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.ledger import entries_of, write_entries
from q2c_pipeline.sandbox.company.posting import document_heading

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def bp06_other_entity(ground: Ground) -> None:
    """The invoice stands in the books of a sister company, with the same amounts in the same currency."""
    world = ground.world
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL)
    right = invoice["metadata"]["legal_entity"]
    wrong = ground.rng.choice([code for code in sorted(ENTITIES) if code != right])
    number = world.posted[invoice["id"]]
    heading = replace(document_heading(world, invoice, "CustInvc"), entity=wrong)
    world.netsuite["transaction"][str(number)]["exchangerate"] = rate(
        world, heading.currency, ENTITIES[wrong].currency, heading.day
    )
    write_entries(world, number, heading, entries_of(world, number))
    ground.tell("BP06", invoice["number"], invoice["total"], invoice["currency"])
