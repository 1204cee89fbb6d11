"""BB10: an amendment that billing never heard of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from q2c_pipeline_tests.sql.world import World, consistent, found_in

LINE = "ORD-00001/1"
TOLD: dict[str, Any] = {"claimed_subscription_id": "sub-1", "claimed_billing_status": "Active"}


def amended(start: date = date(2026, 8, 1), **line: Any) -> World:
    """Two seats more than ten, at 100.00, until the end of the year; billed as before."""
    world = consistent()
    world.order(2, amends=1, start_date=start, end_date=date(2026, 12, 31), **{"quantity": Decimal(2), **TOLD, **line})
    return world


def test_seats_sold_later_are_missing_in_every_period_since() -> None:
    with amended().post_all().run() as warehouse:
        assert found_in(warehouse) == [("BB10", LINE, Decimal("600.0000"), "USD")]
        reason = warehouse.query("select reason from recon.exception").rows()[0][0]
    assert all(part in reason for part in ("1200.00 USD", "1000.00 USD", "ORD-00002/1"))


def test_a_decrease_that_is_not_applied_is_billed_too_much() -> None:
    assert amended(quantity=Decimal(-1)).post_all().exceptions() == [("BB10", LINE, Decimal("-300.0000"), "USD")]


def test_in_the_middle_of_a_period_only_the_rest_is_missing() -> None:
    world = amended(date(2026, 10, 17))

    assert world.post_all().exceptions() == [("BB10", LINE, Decimal("96.7700"), "USD")]


def test_an_applied_amendment_is_right() -> None:
    world = amended()
    for month in (8, 9, 10):
        world.reprice(str(month), 1200, quantity=Decimal(12))

    assert world.post_all().exceptions() == []


def test_the_second_of_two_amendments() -> None:
    world = amended()
    world.order(3, amends=1, start_date=date(2026, 9, 1), end_date=date(2026, 12, 31), quantity=Decimal(5), **TOLD)
    for month in (8, 9, 10):
        world.reprice(str(month), 1200, quantity=Decimal(12))

    assert world.post_all().exceptions() == [("BB10", LINE, Decimal("1000.0000"), "USD")]


def test_another_difference_is_not_the_amendments() -> None:
    world = amended()
    for month in (8, 9):
        world.reprice(str(month), 1200, quantity=Decimal(12))
    world.reprice("10", 1100, quantity=Decimal(12))

    assert world.post_all().exceptions() == [("BB04", LINE, Decimal("100.0000"), "USD")]


def test_a_cancellation_is_billed_after_its_end() -> None:
    found = amended(quantity=Decimal(-10)).post_all().exceptions()

    assert [control for control, *_ in found] == ["BB09"]
