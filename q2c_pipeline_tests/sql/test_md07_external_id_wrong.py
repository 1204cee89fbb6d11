"""MD07: an external id that is missing or wrong while the CRM shows the right one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent, month_end


def test_a_customer_that_names_no_account() -> None:
    world = consistent().post_all()
    world.change("account", "cus-1", claimed_crm_account_id=None)

    assert world.exceptions() == [("MD07", "AC-1@billing", Decimal("0.0000"), None)]


def test_a_customer_that_names_another_account() -> None:
    world = consistent().post_all()
    world.add("account", "crm", "001-2", account_number="AC-2", account_name="Two", claimed_erp_account_id="78")
    world.add("account", "erp", "78", account_number="AC-2", account_name="Two", claimed_crm_account_id="001-2")
    world.change("account", "77", claimed_crm_account_id="001-2")

    assert world.exceptions() == [("MD07", "AC-1@erp", Decimal("0.0000"), None)]


def test_an_item_that_names_another_line_still_bills_its_own() -> None:
    world = consistent()
    world.order(2, start_date=date(2026, 1, 1))
    world.subscribe(2)
    for month in range(1, 11):
        start = world.get("invoice_line", f"il-{month}")["service_start_date"]
        world.bill(f"b{month}", start, month_end(start), subscription_source_id="sub-2", subscription_line_source_id="si-2")
    world.change("subscription_line", "si-1", claimed_contract_line_id="802-2")

    assert world.post_all().exceptions() == [("MD07", "ORD-00001/1@billing", Decimal("0.0000"), None)]


def test_a_missing_write_back_is_not_a_wrong_external_id() -> None:
    world = consistent().post_all()
    world.change("contract_line", "802-1", claimed_subscription_line_id=None)

    assert world.exceptions() == []
