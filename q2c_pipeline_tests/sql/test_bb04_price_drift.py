"""BB04: price or discount differs from the contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def test_months_at_a_lower_price_add_up() -> None:
    world = consistent()
    for month in ("8", "9", "10"):
        world.reprice(month, 950, unit_price=Decimal(95))

    assert world.post_all().exceptions() == [("BB04", "ORD-00001/1", Decimal("150.0000"), "USD")]


def test_a_discount_that_was_not_applied_is_too_much_billed() -> None:
    world = consistent()
    world.change("contract_line", "802-1", discount_fraction=Decimal("0.1"))
    for month in range(1, 10):
        world.reprice(str(month), 900)

    assert world.post_all().exceptions() == [("BB04", "ORD-00001/1", Decimal("-100.0000"), "USD")]


def test_a_price_change_that_billing_followed_is_right() -> None:
    world = consistent()
    world.order(2, amends=1, start_date=date(2026, 7, 1), quantity=Decimal(-10))
    world.line("802-2b", 2, amends=1, start_date=date(2026, 7, 1), end_date=date(2026, 12, 31), unit_price=Decimal(120))
    world.change("contract", "801-2", claimed_subscription_id="sub-1", claimed_billing_status="Active")
    for month in ("7", "8", "9", "10"):
        world.reprice(month, 1200, unit_price=Decimal(120))

    assert world.post_all().exceptions() == []
