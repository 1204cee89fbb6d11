"""MD01: a customer with an activated order that billing or ERP does not know."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent


def newcomer() -> World:
    """A second account whose order starts after the day of the run."""
    world = consistent().post_all()
    world.add("account", "crm", "001-2", account_number="AC-2", account_name="Two")
    world.order(2, account_source_id="001-2", start_date=date(2026, 12, 1), end_date=date(2027, 11, 30))
    return world


def test_missing_in_the_erp() -> None:
    world = newcomer()
    world.add("account", "billing", "cus-2", account_number="AC-2", account_name="Two", claimed_crm_account_id="001-2")

    assert world.exceptions() == [("MD01", "AC-2@erp", Decimal("0.0000"), None)]


def test_missing_in_billing() -> None:
    world = newcomer()
    world.add("account", "erp", "78", account_number="AC-2", account_name="Two", claimed_crm_account_id="001-2")

    assert world.exceptions() == [("MD01", "AC-2@billing", Decimal("0.0000"), None)]


def test_an_order_of_today_has_its_grace() -> None:
    world = newcomer()
    world.change("contract", "801-2", activated_at=datetime(2026, 10, 31, tzinfo=UTC))

    assert world.exceptions() == []


def test_an_account_without_orders_needs_no_customer() -> None:
    world = consistent().post_all()
    world.add("account", "crm", "001-2", account_number="AC-2", account_name="Two")

    assert world.exceptions() == []


def test_the_grace_of_an_entity_is_that_of_its_orders() -> None:
    world = newcomer()
    world.graces = [("sf_main", "US", 365, None, None)]

    assert world.exceptions() == []
