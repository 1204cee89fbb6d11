"""BB01: a contract line that billing never set up."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def test_due_periods_of_a_line_without_item_are_one_exception() -> None:
    world = consistent()
    world.order(2, quantity=Decimal(3), unit_price=Decimal(50), start_date=date(2026, 9, 1))

    assert world.post_all().exceptions() == [("BB01", "ORD-00002/1", Decimal("300.0000"), "USD")]


def test_the_period_that_fell_due_yesterday_counts_too_but_an_order_of_today_does_not() -> None:
    world = consistent()
    world.order(2, start_date=date(2026, 10, 30))
    world.order(3, start_date=date(2026, 10, 31), activated_at=datetime(2026, 10, 31, 9, tzinfo=UTC))

    assert world.post_all().exceptions() == [("BB01", "ORD-00002/1", Decimal("1000.0000"), "USD")]


def test_a_one_time_line_needs_no_item() -> None:
    world = consistent()
    line = world.order(
        2,
        start_date=date(2026, 3, 5),
        end_date=date(2026, 3, 5),
        billing_frequency="one_time",
        charge_type="one_time",
        price_period="once",
    )
    world.bill(
        "once",
        date(2026, 3, 5),
        date(2026, 3, 5),
        subscription_line_source_id=None,
        subscription_source_id=None,
        claimed_contract_line_id=line,
    )

    assert world.post_all().exceptions() == []


def test_a_draft_order_is_owed_nothing() -> None:
    world = consistent()
    world.order(2)
    world.change("contract", "801-2", contract_status="draft")

    assert world.post_all().exceptions() == []
