"""Rated usage: graduated tiers over a calendar month, rounded once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from q2c_pipeline_tests.sql.world import World, masters, month_end


def metered(quantity: str, month: int = 5, **line: Any) -> World:
    """A usage line: 1,000 included, then 0.02 up to 5,000, then 0.015."""
    world = masters(World())
    world.order(
        1, **{"quantity": Decimal(1), "charge_type": "usage", "price_period": "unit", "billing_timing": "arrears", **line}
    )
    world.subscribe(1, meter_source_id="mtr-1")
    tiers = [("0", "1000", "0"), ("1000", "5000", "0.02"), ("5000", None, "0.015")]
    for number, (low, high, price) in enumerate(tiers, 1):
        world.add(
            "contract_tier", "crm", f"802-1/{number}", contract_line_source_id="802-1", tier_number=number,
            from_quantity=Decimal(low), up_to_quantity=high and Decimal(high), unit_price=Decimal(price),
        )  # fmt: skip
    start = date(2026, month, 1)
    world.add(
        "usage", "billing", "u-1", meter_source_id="mtr-1", account_source_id="cus-1", usage_start_date=start,
        usage_end_date=month_end(start), quantity=Decimal(quantity),
    )  # fmt: skip
    return world


@pytest.mark.parametrize(
    ("quantity", "owed"), [("900", "0"), ("1000", "0"), ("1500", "10"), ("5000", "80"), ("5001", "80.02"), ("7000", "110")]
)
def test_each_tier_prices_its_own_part(quantity: str, owed: str) -> None:
    with metered(quantity).run("schedule.usage_period") as warehouse:
        rows = warehouse.query(
            "select service_start_date, service_end_date, due_date, net_amount from schedule.usage_period"
        ).rows()

    assert rows == [(date(2026, 5, 1), date(2026, 5, 31), date(2026, 6, 1), Decimal(owed).quantize(Decimal("0.0001")))]


def test_service_is_clipped_to_the_lines_dates() -> None:
    world = metered("1500", start_date=date(2026, 5, 20))
    with world.run("schedule.usage_period") as warehouse:
        assert warehouse.query("select service_start_date from schedule.usage_period").rows() == [(date(2026, 5, 20),)]


def test_billed_as_rated_is_right_and_unbilled_is_found() -> None:
    world = metered("1500")
    assert world.exceptions() == [("BB12", "ORD-00001/1", Decimal("10.0000"), "USD")]

    world.bill("u", date(2026, 5, 1), date(2026, 5, 31), 10, quantity=Decimal(1500), issued_date=date(2026, 6, 1))
    assert world.post_all().exceptions() == []


def test_usage_of_a_month_that_is_not_over_is_not_due() -> None:
    assert metered("1500", month=10).exceptions() == []
