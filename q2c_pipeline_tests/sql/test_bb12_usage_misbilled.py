"""BB12: metered use not billed, or at a wrong rate."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.test_usage_period import metered
from q2c_pipeline_tests.sql.world import World

LINE = "ORD-00001/1"


def billed(net: int | str, times: int = 1) -> World:
    """1,500 calls in May are worth 10.00; they are billed at `net`, so many times."""
    world = metered("1500")
    for number in range(times):
        world.bill(
            f"u{number}",
            date(2026, 5, 1),
            date(2026, 5, 31),
            Decimal(net),
            quantity=Decimal(1500),
            issued_date=date(2026, 6, 1),
        )
    return world.post_all()


def test_use_that_nothing_bills() -> None:
    assert billed(0, times=0).exceptions() == [("BB12", LINE, Decimal("10.0000"), "USD")]


def test_the_included_quantity_was_forgotten() -> None:
    assert billed(30).exceptions() == [("BB12", LINE, Decimal("-20.0000"), "USD")]


def test_a_cent_too_little() -> None:
    assert billed("9.99").exceptions() == [("BB12", LINE, Decimal("0.0100"), "USD")]


def test_rated_right() -> None:
    assert billed(10).exceptions() == []


def test_billed_twice_is_not_a_rate() -> None:
    assert billed(10, times=2).exceptions() == [("BB08", LINE, Decimal("-10.0000"), "USD")]
