"""BB13: a discount is given longer, or shorter, than agreed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from q2c_pipeline_tests.sql.world import consistent, controls_of

if TYPE_CHECKING:
    from q2c_pipeline_tests.sql.world import World

TENTH = Decimal("0.1")


def with_discount_until(last: date, *first_months: str) -> World:
    """Ten percent off until a day; the named months are billed with it, the others at the list price."""
    world = consistent()
    world.change("contract_line", "802-1", discount_fraction=TENTH, discount_end_date=last)
    for month in first_months:
        world.reprice(month, 900, discount_amount=Decimal(100))
    return world


def test_a_discount_that_ended_when_agreed_is_right() -> None:
    assert with_discount_until(date(2026, 3, 31), "1", "2", "3").post_all().exceptions() == []


def test_months_after_the_discount_billed_with_it_add_up() -> None:
    world = with_discount_until(date(2026, 3, 31), "1", "2", "3", "4", "5")

    assert world.post_all().exceptions() == [("BB13", "ORD-00001/1", Decimal("200.0000"), "USD")]


def test_a_month_of_the_discount_billed_without_it() -> None:
    world = with_discount_until(date(2026, 3, 31), "1", "2")

    assert world.post_all().exceptions() == [("BB13", "ORD-00001/1", Decimal("-100.0000"), "USD")]


@pytest.mark.parametrize(("net", "difference"), [(900, "50.0000"), (1000, "-50.0000")])
def test_a_discount_of_half_a_month_is_neither_none_nor_whole(net: int, difference: str) -> None:
    world = with_discount_until(date(2026, 4, 15), "1", "2", "3")
    world.reprice("4", net)

    assert world.post_all().exceptions() == [("BB13", "ORD-00001/1", Decimal(difference), "USD")]


def test_a_free_month_that_was_billed() -> None:
    world = consistent()
    world.change("contract_line", "802-1", discount_fraction=Decimal(1), discount_end_date=date(2026, 1, 31))

    assert world.post_all().exceptions() == [("BB13", "ORD-00001/1", Decimal("-1000.0000"), "USD")]


def test_an_amount_that_the_discount_does_not_explain_is_price_drift() -> None:
    world = with_discount_until(date(2026, 3, 31), "1", "2", "3")
    world.reprice("4", 950)

    assert controls_of(world.post_all().exceptions()) == ["BB04"]


def test_a_discount_of_the_whole_term_that_was_not_given_is_price_drift() -> None:
    world = with_discount_until(date(2026, 12, 31), *map(str, range(1, 10)))

    assert controls_of(world.post_all().exceptions()) == ["BB04"]
