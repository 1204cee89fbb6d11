"""BB05: quantity differs from the contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def test_too_few_seats_billed() -> None:
    world = consistent()
    for month in ("9", "10"):
        world.reprice(month, 800, quantity=Decimal(8))

    assert world.post_all().exceptions() == [("BB05", "ORD-00001/1", Decimal("400.0000"), "USD")]


def test_seats_added_by_an_amendment_in_mid_period_are_right() -> None:
    world = consistent()
    world.order(2, amends=1, start_date=date(2026, 10, 16), quantity=Decimal(5))
    world.change("contract", "801-2", claimed_subscription_id="sub-1", claimed_billing_status="Active")
    world.bill(
        "up",
        date(2026, 10, 16),
        date(2026, 10, 31),
        Decimal("258.06"),
        quantity=Decimal(5),
        is_proration=True,
        claimed_contract_line_id="802-1",
    )

    assert world.post_all().exceptions() == []
