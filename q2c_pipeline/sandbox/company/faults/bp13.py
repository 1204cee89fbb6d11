"""BP13: somebody wrote on an account that only documents and releases should move."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.dates import at
from q2c_pipeline.sandbox.company.ledger import Entry, Heading, post

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def bp13_write_off_by_hand(ground: Ground) -> None:
    """A doubtful receivable was written off without any credit note."""
    for number in range(ground.volume):
        _journal(ground, 700 + number, "accrual", "receivable", 1)


def bp13_release_by_hand(ground: Ground) -> None:
    """Revenue was brought forward by hand: deferred revenue goes down, revenue up, and no line says for which contract."""
    _journal(ground, 770, "deferred", "revenue", -1)


def _journal(ground: Ground, number: int, debited: str, credited: str, sign: int) -> None:
    entity = ENTITIES[ground.rng.choice(sorted(ENTITIES))]
    day = ground.settled_day - timedelta(days=ground.rng.randint(3, 30))
    name = f"JE-{entity.code}-{number}"
    amount = Decimal(ground.rng.randint(20, 300) * 10)
    heading = Heading("Journal", name, None, None, entity.code, entity.currency, None, day, at(day, 17), "B", "By hand")
    post(ground.world, heading, [Entry(debited, amount), Entry(credited, -amount)])
    scale = 1 if entity.currency == "JPY" else 100
    ground.tell("BP13", name, sign * int(amount) * scale, entity.currency)
