"""BB09: billed after cancellation or end, or no credit for cancelled service."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent


def cancelled(day: date) -> World:
    world = consistent()
    world.order(2, amends=1, start_date=day, quantity=Decimal(-10))
    world.change("contract", "801-2", claimed_subscription_id="sub-1", claimed_billing_status="Active")
    return world


def test_months_after_the_cancellation() -> None:
    world = cancelled(date(2026, 9, 1))

    assert world.post_all().exceptions() == [("BB09", "ORD-00001/1", Decimal("-2000.0000"), "USD")]


def test_no_credit_for_the_rest_of_the_month() -> None:
    world = cancelled(date(2026, 9, 16))
    world.unbill("10")

    assert world.post_all().exceptions() == [("BB09", "ORD-00001/1", Decimal("-500.0000"), "USD")]


def test_months_after_the_end_of_the_term() -> None:
    world = consistent()
    world.change("contract_line", "802-1", end_date=date(2026, 8, 31))

    assert world.post_all().exceptions() == [("BB09", "ORD-00001/1", Decimal("-2000.0000"), "USD")]


def test_a_credited_cancellation_is_right() -> None:
    world = cancelled(date(2026, 9, 16))
    world.unbill("10")
    world.bill(
        "cn",
        date(2026, 9, 16),
        date(2026, 9, 30),
        -500,
        document_kind="credit_memo",
        document_status="issued",
        credited_line_source_id="il-9",
        subscription_line_source_id=None,
    )

    assert world.post_all().exceptions() == []
