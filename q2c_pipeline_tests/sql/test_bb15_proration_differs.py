"""BB15: a part of a period is charged by another rule than the agreed one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from q2c_pipeline_tests.sql.world import World, consistent, controls_of, masters

FIRST = date(2026, 1, 15)


def from_the_middle_of_january(net: Decimal | int, **line: Any) -> World:
    """1,000.00 a calendar month from 15 January on, its first 17 days billed with `net`."""
    world = consistent()
    world.change("contract_line", "802-1", start_date=FIRST, billing_anchor="calendar")
    world.change("contract", "801-1", start_date=FIRST)
    world.reprice("1", net, service_start_date=FIRST, **line)
    return world


def test_days_of_the_month_are_right() -> None:
    assert from_the_middle_of_january(Decimal("548.39")).post_all().exceptions() == []


@pytest.mark.parametrize(("net", "difference"), [("1000", "-451.6100"), ("533.33", "15.0600")])
def test_a_whole_month_or_months_of_thirty_days_are_another_convention(net: str, difference: str) -> None:
    world = from_the_middle_of_january(Decimal(net))

    assert world.post_all().exceptions() == [("BB15", "ORD-00001/1", Decimal(difference), "USD")]


def test_real_days_are_wrong_where_thirty_are_agreed() -> None:
    world = from_the_middle_of_january(Decimal("548.39"))
    world.params["proration"] = "thirty_360"

    assert world.post_all().exceptions() == [("BB15", "ORD-00001/1", Decimal("-15.0600"), "USD")]


def test_an_amount_that_no_convention_gives_is_price_drift() -> None:
    assert controls_of(from_the_middle_of_january(500).post_all().exceptions()) == ["BB04"]


def test_a_discount_is_not_a_convention() -> None:
    world = from_the_middle_of_january(Decimal("533.33"), discount_amount=Decimal("15.06"))

    assert controls_of(world.post_all().exceptions()) == ["BB04"]


def test_another_amount_of_a_full_period_is_price_drift() -> None:
    world = from_the_middle_of_january(Decimal("548.39"))
    world.reprice("2", 900)

    assert controls_of(world.post_all().exceptions()) == ["BB04"]


def over_february(net: str) -> World:
    """A line of 1,000.00 a month from 29 January to 14 February: 17 of 30 days, or 16 of 29 where every month has thirty."""
    world = masters(World())
    first, last = date(2026, 1, 29), date(2026, 2, 14)
    world.order(1, start_date=first, end_date=last)
    world.subscribe(1)
    world.bill("1", first, last, Decimal(net))
    return world.post_all()


@pytest.mark.parametrize(
    ("net", "found"),
    [("566.67", []), ("551.72", [("BB15", "14.95")]), ("533.33", [("BB04", "33.34")])],
)
def test_months_of_thirty_days_are_counted_as_the_schedule_counts_them(net: str, found: list[tuple[str, str]]) -> None:
    billing = [row for row in over_february(net).exceptions() if row[0].startswith("BB")]

    assert [(row[0], str(row[2])[:-2]) for row in billing] == found
