"""MD02: one customer with several records in one system."""

from __future__ import annotations

from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent


def with_another(role: str, source_id: str, **values: object) -> World:
    world = consistent().post_all()
    world.change("account", "77", tax_id="DE 123")
    world.add("account", role, source_id, **({"account_name": "One"} | values))
    return world


def test_two_billing_customers_of_one_account() -> None:
    world = with_another("billing", "cus-9", claimed_crm_account_id="001-1", account_number="AC-1")

    assert world.exceptions() == [("MD02", "AC-1@billing", Decimal("0.0000"), None)]


def test_a_billing_customer_for_each_currency_is_usual() -> None:
    world = with_another("billing", "cus-9", claimed_crm_account_id="001-1", account_number="AC-1", currency="EUR")
    world.change("account", "cus-1", currency="USD")

    assert world.exceptions() == []


def test_the_same_tax_id_twice_however_it_is_spaced() -> None:
    world = with_another("erp", "78", tax_id="de123", account_number="B-1")

    assert world.exceptions() == [("MD02", "AC-1@erp", Decimal("0.0000"), None)]


def test_a_branch_has_the_tax_id_of_its_parent() -> None:
    world = with_another("erp", "78", tax_id="DE123", parent_source_id="77")

    assert world.exceptions() == []


def test_the_tax_id_is_not_printed_whole() -> None:
    with with_another("erp", "78", tax_id="DE123").run() as warehouse:
        reason = warehouse.query("select reason from recon.exception")["reason"][0]
    assert reason == "2 records of netsuite_main share tax id ...123: 77, 78"
