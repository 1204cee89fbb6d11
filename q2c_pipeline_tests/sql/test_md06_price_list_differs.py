"""MD06: a price list differs from the one of the catalogue's owner."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from q2c_pipeline_tests.sql.world import consistent

if TYPE_CHECKING:
    from q2c_pipeline_tests.sql.world import World

FOUND = [("MD06", "P1/USD@billing", Decimal("0.0000"), None)]


def listing(billing: dict[str, Any], **crm: Any) -> World:
    """100.00 USD in the price book, and billing's copy of it."""
    world = consistent().post_all()
    usual = {"currency": "USD", "unit_price": Decimal(100), "price_list_name": "01s-1", "is_active": True}
    world.add("price", "crm", "01u-1", product_source_id="01t-1", **(usual | crm))
    world.add("price", "billing", "price-list", product_source_id="prod-1", **(usual | billing))
    return world


def test_equal_lists_are_right() -> None:
    assert listing({}).exceptions() == []


@pytest.mark.parametrize("price", ["100.0001", "42"])
def test_another_price_in_the_same_list(price: str) -> None:
    assert listing({"unit_price": Decimal(price)}).exceptions() == FOUND


@pytest.mark.parametrize(
    "other", [{"price_list_name": "01s-2"}, {"price_list_name": None}, {"currency": "EUR"}, {"is_active": False}]
)
def test_only_prices_in_force_in_one_list_and_currency_are_compared(other: dict[str, Any]) -> None:
    assert listing({"unit_price": Decimal(42)} | other).exceptions() == []


def test_an_owner_who_contradicts_itself_says_nothing() -> None:
    world = listing({"unit_price": Decimal(42)})
    world.add(
        "price", "crm", "01u-2", product_source_id="01t-1", currency="USD", unit_price=Decimal(90), price_list_name="01s-1",
        is_active=True,
    )  # fmt: skip

    assert world.exceptions() == []
