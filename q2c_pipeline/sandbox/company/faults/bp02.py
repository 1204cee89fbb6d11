"""BP02: the ledger knows a document that billing does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.dates import at
from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.ledger import Entry, Heading, entries_of, post
from q2c_pipeline.sandbox.company.posting import document_heading

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def bp02_unknown_invoice(ground: Ground) -> None:
    """An invoice was keyed into the ledger under a number that billing never gave out."""
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL)
    name = f"INV-{invoice['metadata']['legal_entity']}-{900000 + ground.rng.randrange(1000):06d}"
    heading = document_heading(ground.world, invoice, "CustInvc")
    heading = replace(heading, tranid=name, source=name, externalid=f"in_by_hand_{name[-6:]}", status="A")
    post(ground.world, heading, entries_of(ground.world, ground.world.posted[invoice["id"]]))
    ground.tell("BP02", name, -invoice["total"], invoice["currency"])


def bp02_unknown_journal(ground: Ground) -> None:
    """A journal on the receivable account quotes a number that billing never gave out."""
    entity = ENTITIES[ground.rng.choice(sorted(ENTITIES))]
    day = ground.settled_day - timedelta(days=ground.rng.randint(3, 30))
    number = 800 + ground.rng.randrange(100)
    name, source = f"JE-{entity.code}-{number}", f"INV-{entity.code}-{990000 + number}"
    amount = Decimal(ground.rng.randint(50, 900) * 10)
    heading = Heading("Journal", name, None, source, entity.code, entity.currency, None, day, at(day, 17), "B", "Late invoice")
    post(ground.world, heading, [Entry("receivable", amount), Entry("revenue", -amount)])
    scale = 1 if entity.currency == "JPY" else 100
    ground.tell("BP02", name, -int(amount) * scale, entity.currency)
