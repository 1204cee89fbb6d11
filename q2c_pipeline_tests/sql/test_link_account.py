"""Links of customer records: ids settle most, what was resolved settles the rest, and duplicates are merged before all else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline_tests.sql.world import World, consistent, found_in

SF, ST, NS = "sf_main:001-1", "stripe_main:cus-1", "netsuite_main:77"
OUTCOMES = ("recon.exception", "recon.bridge", "link.account", "link.customer")


def lost(role: str = "erp") -> World:
    """A customer record of which no id tells whose it is."""
    world = consistent().post_all()
    record, claim = ("77", "claimed_erp_account_id") if role == "erp" else ("cus-1", "claimed_billing_account_id")
    world.change("account", record, claimed_crm_account_id=None, account_number="N-1")
    world.change("account", "001-1", **{claim: None})
    return world


def run(world: World, *resolved: tuple[Any, ...], duplicates: tuple[tuple[Any, ...], ...] = ()) -> Warehouse:
    """Every table, with what the step before the links has resolved."""
    warehouse = world.filled()
    for row in resolved:
        warehouse.connection.execute("insert into identity.account values (?, ?, ?, ?, ?, ?)", row)
    for row in duplicates:
        warehouse.connection.execute("insert into identity.duplicate values (?, ?, ?, ?, ?, ?, ?)", row)
        warehouse.connection.execute("insert into identity.customer values (?, ?), (?, ?)", (row[2], row[0], row[3], row[0]))
    world.make(warehouse, *OUTCOMES)
    return warehouse


def md(warehouse: Warehouse) -> list[tuple[str, str]]:
    return [(control, subject) for control, subject, *_ in found_in(warehouse) if control.startswith("MD")]


def test_ids_settle_a_link_with_full_score() -> None:
    with run(consistent().post_all()) as warehouse:
        rows = warehouse.query("select other_account_key, account_key, method, score from link.account order by all").rows()
    assert rows == [(NS, SF, "external_id", Decimal(1)), (ST, SF, "external_id", Decimal(1))]


def test_a_record_that_nothing_ties_is_missing() -> None:
    with run(lost()) as warehouse:
        assert md(warehouse) == [("MD01", "AC-1@erp")]


def test_a_resolved_record_is_linked_and_its_ids_are_to_be_set() -> None:
    with run(lost(), (NS, SF, "tax_id", 0.995, "same: equal valid tax id", False)) as warehouse:
        assert md(warehouse) == [("MD07", "AC-1@erp")]
        (reason,) = warehouse.query("select reason from recon.exception where control_id = 'MD07'")["reason"]
        row = warehouse.query("select other_claim_state, crm_claim_state, score from link.account where method = 'tax_id'").rows()
    assert reason.endswith("same: equal valid tax id; neither names the other, set both ids")
    assert row == [("missing", "missing", Decimal("0.9950"))]


def test_a_person_breaks_the_link_that_ids_make() -> None:
    with run(consistent().post_all(), (NS, None, None, None, None, False)) as warehouse:
        assert md(warehouse) == [("MD01", "AC-1@erp")]
        assert warehouse.query("select other_account_key from link.account").rows() == [(ST,)]


def test_a_duplicate_is_told_once_and_nothing_else_of_it() -> None:
    world = consistent().post_all()
    world.add("account", "billing", "cus-2", account_name="One GmbH", country_code="DE")
    pair = (SF, "stripe_main", ST, "stripe_main:cus-2", "domain", 0.99, "same: equal domain one.example")
    resolved = ("stripe_main:cus-2", SF, "domain", 0.99, "same: equal domain one.example", True)
    with run(world, resolved, duplicates=(pair,)) as warehouse:
        assert md(warehouse) == [("MD02", "AC-1@billing")]
        (reason,) = warehouse.query("select reason from recon.exception where control_id = 'MD02'")["reason"]
        assert warehouse.count("link.account") == 3
    assert reason == "2 records of stripe_main share equal domain one.example: cus-1, cus-2"


@pytest.mark.parametrize(
    "facts",
    [{"currency": "EUR"}, {"parent_source_id": "cus-1"}],
    ids=["one for each currency", "a branch"],
)
def test_what_is_no_duplicate(facts: dict[str, str]) -> None:
    world = consistent().post_all()
    world.change("account", "cus-1", currency="USD")
    world.add("account", "billing", "cus-2", account_name="One", **facts)
    pair = (SF, "stripe_main", ST, "stripe_main:cus-2", "domain", 0.99, "same: equal domain one.example")
    with run(world, duplicates=(pair,)) as warehouse:
        assert md(warehouse) == []


def test_the_golden_record_takes_the_owners_value_and_tells_who_differs() -> None:
    world = consistent().post_all()
    world.change("account", "001-1", payment_terms="NET45", domain="one.example")
    world.change("account", "77", payment_terms="NET30", address="1 High St")
    with run(world) as warehouse:
        rows = warehouse.query(
            """select field_name, field_value, record_key, owner_role, differing_records, differing from link.customer
               where field_name in ('payment_terms', 'address', 'domain') order by all"""
        ).rows()
    assert rows == [
        ("address", "1 High St", NS, None, 0, None),
        ("domain", "one.example", SF, None, 0, None),
        ("payment_terms", "NET30", NS, "erp", 1, SF),
    ]


def test_two_accounts_of_the_crm_that_are_one_customer_have_one_golden_record() -> None:
    world = consistent().post_all()
    world.add("account", "crm", "001-2", account_number="AC-2", account_name="One Ltd", address="2 Low St")
    pair = (SF, "sf_main", SF, "sf_main:001-2", "domain", 0.99, "same: equal domain one.example")
    with run(world, duplicates=(pair,)) as warehouse:
        rows = warehouse.query(
            "select customer_id, field_value from link.customer where field_name in ('address', 'account_name')"
        )
        assert md(warehouse) == [("MD02", "AC-1@crm")]
    assert sorted(rows.rows()) == [(SF, "2 Low St"), (SF, "One")]
