"""MD03: a field differs from its owner's value; the owner is a matter of policy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.world import World, consistent

ZERO = Decimal("0.0000")


def world_with(source_id: str, **values: object) -> World:
    world = consistent().post_all()
    world.change("account", "77", payment_terms="NET30", tax_id="DE 123456")
    world.change("account", "001-1", payment_terms="net30", tax_id="DE123456", currency="USD")
    world.change("account", source_id, **values)
    return world


@pytest.mark.parametrize(
    ("source_id", "values", "subject"),
    [
        ("001-1", {"payment_terms": "NET45"}, "AC-1@crm/payment_terms"),
        ("001-1", {"tax_id": "DE123465"}, "AC-1@crm/tax_id"),
        ("77", {"account_name": "Once"}, "AC-1@erp/account_name"),
        ("cus-1", {"account_name": "ONE"}, "AC-1@billing/account_name"),
        ("cus-1", {"currency": "EUR"}, "AC-1@billing/currency"),
    ],
)
def test_whoever_is_not_the_owner_is_wrong(source_id: str, values: dict[str, str], subject: str) -> None:
    assert world_with(source_id, **values).exceptions() == [("MD03", subject, ZERO, None)]


@pytest.mark.parametrize(
    ("source_id", "values"),
    [("77", {"payment_terms": None}), ("cus-1", {"account_name": " One "}), ("77", {"country_code": "FR"})],
)
def test_nothing_owned_spelling_and_unowned_fields_are_silent(source_id: str, values: dict[str, str | None]) -> None:
    assert world_with(source_id, **values).exceptions() == []


def test_a_value_is_missing_only_where_the_system_holds_such_values() -> None:
    world = world_with("001-1", tax_id=None)
    assert world.exceptions() == []
    world.add("account", "crm", "001-2", account_number="AC-2", account_name="Two", tax_id="FR1")
    world.add("account", "erp", "78", account_number="AC-2", account_name="Two", tax_id="FR1", claimed_crm_account_id="001-2")
    world.change("account", "001-2", claimed_erp_account_id="78")
    assert world.exceptions() == [("MD03", "AC-1@crm/tax_id", ZERO, None)]


def test_parents_are_compared_as_customers() -> None:
    world = world_with("77", parent_source_id="78")
    for number in (2, 3):
        name = {"account_number": f"AC-{number}", "account_name": str(number)}
        world.add("account", "crm", f"001-{number}", claimed_erp_account_id=f"7{6 + number}", **name)
        world.add("account", "erp", f"7{6 + number}", claimed_crm_account_id=f"001-{number}", **name)
    world.change("account", "001-1", parent_source_id="001-2")
    assert world.exceptions() == []
    world.change("account", "77", parent_source_id="79")
    assert world.exceptions() == [("MD03", "AC-1@erp/parent_source_id", ZERO, None)]


def test_the_sentence_names_owner_and_both_values_and_hides_the_tax_id() -> None:
    with world_with("001-1", tax_id="DE123465").run() as warehouse:
        reason = warehouse.query("select reason from recon.exception")["reason"][0]
    assert reason == "tax id belongs to erp, which says ...456; crm says ...465"
