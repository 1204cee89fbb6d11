"""A consistent company that also sells a quarter in advance: deferred revenue with its releases, for the revenue controls."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent, month_end

KEY = "ORD-00001/1"
QUARTER = {date(2026, 6, 1): Decimal("1023.53"), date(2026, 7, 1): Decimal("1094.12"), date(2026, 8, 1): Decimal("882.35")}
"""3,000.00 from 2 June to 25 August, by day: 29, 31 and 25 of 85 days, rounded on what is earned up to each month's end."""


def release(
    world: World, period: date, amount: Decimal | str, *, key: str | None = KEY, kind: str = "revenue_release", name: str = ""
) -> str:
    """Deferred revenue to revenue at the end of a month, for one contract line."""
    number = name or f"REL-US-{period:%Y-%m}"
    world.journal(
        number,
        {"2400": Decimal(amount), "4000": -Decimal(amount)},
        transaction_kind=kind,
        transaction_number=number,
        posting_date=month_end(period),
        currency="USD",
        claimed_contract_line_key=key,
    )
    return number


def deferred() -> World:
    """Line 2 is a single quarter of 3,000.00, invoiced in advance and posted as deferred revenue; nothing is released yet."""
    world = consistent()
    world.order(
        2,
        start_date=date(2026, 6, 2),
        end_date=date(2026, 8, 25),
        charge_type="one_time",
        price_period="once",
        billing_frequency="one_time",
        unit_price=Decimal(300),
    )
    world.bill(
        "q",
        date(2026, 6, 2),
        date(2026, 8, 25),
        3000,
        subscription_source_id=None,
        subscription_line_source_id=None,
        claimed_contract_line_id="802-2",
        unit_price=Decimal(300),
    )
    return world.post_all()


def released() -> World:
    """The same with a release journal for each month, as the schedule wants it."""
    world = deferred()
    for period, amount in QUARTER.items():
        release(world, period, amount, key="ORD-00002/1")
    return world
