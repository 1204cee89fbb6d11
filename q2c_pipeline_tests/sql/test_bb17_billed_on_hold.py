"""BB17: billed while the customer is on credit hold, or with a missing tax class."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from q2c_pipeline_tests.sql.world import consistent

if TYPE_CHECKING:
    from q2c_pipeline_tests.sql.world import World

LAST = [("BB17", "INV-10", Decimal("-1100.0000"), "USD")]


def held_since(day: date) -> World:
    """The ledger's customer was put on hold on a day."""
    world = consistent().post_all()
    world.change("account", "77", credit_hold="hold", source_version=datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
    return world


@pytest.mark.parametrize(("day", "found"), [(date(2026, 9, 30), LAST), (date(2026, 9, 1), LAST), (date(2026, 10, 1), [])])
def test_invoices_after_the_day_of_the_hold(day: date, found: list[tuple[str, str, Decimal, str]]) -> None:
    assert held_since(day).exceptions() == found


def test_a_customer_who_is_free_again_may_be_billed() -> None:
    world = held_since(date(2026, 9, 30))
    world.change("account", "77", credit_hold="none")

    assert world.exceptions() == []


def test_void_and_draft_invoices_ask_for_nothing() -> None:
    world = held_since(date(2026, 8, 31))
    world.change("invoice", "in-9", document_status="void")
    world.change("invoice", "in-10", document_status="draft")

    with world.run("control.bb17_billed_on_hold") as warehouse:
        assert warehouse.query("from control.bb17_billed_on_hold").is_empty()


def test_a_later_change_of_a_held_customer_does_not_begin_the_hold_anew() -> None:
    world = held_since(date(2026, 9, 15))
    earlier = world.get("account", "77")
    world.rows["account"][("netsuite_main", "77 renamed")] = earlier | {
        "account_name": "One", "source_version": datetime(2026, 10, 20, tzinfo=UTC), "batch_id": "b2",
    }  # fmt: skip

    assert world.exceptions() == LAST


@pytest.mark.parametrize(("other", "fires"), [("txcd_1", True), (None, False)])
def test_a_billed_product_needs_a_tax_class_where_billing_keeps_them(other: str | None, fires: bool) -> None:  # noqa: FBT001
    world = consistent().post_all()
    world.add("product", "billing", "prod-2", product_code="P2", product_name="Other", is_active=True, tax_class=other)

    assert world.exceptions() == ([("BB17", "P1@billing", Decimal("0.0000"), None)] if fires else [])


def test_a_product_that_is_not_billed_needs_none() -> None:
    world = consistent().post_all()
    world.change("product", "prod-1", tax_class="txcd_1")
    world.add("product", "billing", "prod-2", product_code="P2", product_name="Other", is_active=True)

    assert world.exceptions() == []
