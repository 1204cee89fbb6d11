"""SL04: deferred revenue does not roll forward, although revenue and receivables are right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.dates import at
from q2c_pipeline.sandbox.company.faults.releases import claim_release, rewrite, tell
from q2c_pipeline.sandbox.company.ledger import Entry, Heading, post
from q2c_pipeline.sandbox.company.money import to_minor

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def sl04_released_from_accrual(ground: Ground) -> None:
    """The release of a line credits revenue as it should, but takes the money from accrued expenses."""
    release = claim_release(ground)

    def moved(entry: Entry) -> Entry:
        is_its_own = entry.contract_line == release.key and entry.account == "deferred"
        return replace(entry, account="accrual") if is_its_own else entry

    rewrite(ground, release.journal, moved)
    tell(ground, "SL04", release.journal, release.key, release.amount)


def sl04_deposit_as_deferred_revenue(ground: Ground) -> None:
    """A customer's deposit was entered as a payment straight into deferred revenue: nothing was billed for it."""
    entity = ENTITIES[ground.rng.choice(sorted(ENTITIES))]
    day = ground.settled_day - timedelta(days=ground.rng.randint(3, 30))
    number = ground.world.ids.number("deposit", 1)
    heading = Heading(
        "CustPymt", f"DEP-{entity.code}-{number}", None, None, entity.code, entity.currency, None, day, at(day, 16), "B"
    )
    amount = Decimal(ground.rng.randint(20, 300) * 10)
    post(ground.world, heading, [Entry("cash", amount), Entry("deferred", -amount)])
    ground.tell("SL04", heading.tranid, int(to_minor(amount, entity.currency)), entity.currency)
