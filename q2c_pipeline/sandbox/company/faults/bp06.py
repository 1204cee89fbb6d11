"""BP06: a document is posted in another legal entity."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.faults.bp10 import claim_note
from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.ledger import entries_of, write_entries
from q2c_pipeline.sandbox.company.posting import document_heading

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def bp06_other_entity(ground: Ground) -> None:
    """The invoice stands in the books of a sister company, with the same amounts in the same currency."""
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL)
    move(ground, invoice, "CustInvc")
    ground.tell("BP06", invoice["number"], invoice["total"], invoice["currency"])


def bp06_credit_in_other_entity(ground: Ground) -> None:
    """A credit note was posted in the books of a sister company, while its invoice stands where it belongs."""
    note = claim_note(ground, "issued")
    move(ground, note, "CustCred")
    ground.tell("BP06", note["number"], -note["total"], note["currency"])


def move(ground: Ground, document: Record, kind: str, wrong: str | None = None) -> None:
    """Let a document stand in the books of another company, drawn by lot unless it is named."""
    world = ground.world
    wrong = wrong or ground.rng.choice([code for code in sorted(ENTITIES) if code != document["metadata"]["legal_entity"]])
    number = world.posted[document["id"]]
    heading = replace(document_heading(world, document, kind), entity=wrong)
    world.netsuite["transaction"][str(number)]["exchangerate"] = rate(
        world, heading.currency, ENTITIES[wrong].currency, heading.day
    )
    write_entries(world, number, heading, entries_of(world, number))
