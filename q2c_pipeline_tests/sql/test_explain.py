"""An exception in sentences, told from the tables that a night publishes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.errors import StoreError
from q2c_pipeline.reports.explain import explain
from q2c_pipeline.reports.formats import MINUS
from q2c_pipeline_tests.sql.deliveries import delivered, reject
from q2c_pipeline_tests.sql.world import World, consistent

TABLES = (
    "mart.exception_term", "mart.exception_fact", "mart.exception_repair", "mart.trace_node", "mart.run_summary", "recon.symptom",
    "recon.materiality",
)  # fmt: skip


def told(warehouse: Warehouse, control: str) -> Mapping[str, str]:
    ids = warehouse.query("select exception_id from recon.exception where control_id = $control", {"control": control})
    return {section.title: " ".join(section.sentences) for section in explain(warehouse, ids["exception_id"][0][:12])}


def drifted() -> World:
    """Discounted by a tenth, billed at the full price in two months; one invoice is not posted."""
    world = consistent()
    world.change("contract_line", "802-1", discount_fraction=Decimal("0.1"))
    for month in range(1, 9):
        world.reprice(str(month), 900)
    world.unbill("10")
    world.post_all()
    for number in range(1, 4):
        for book in (1, 2):
            world.remove("posting", f"tr-in-3-{number}-{book}")
    return world


def test_terms_lead_to_the_schedule_and_the_difference() -> None:
    with drifted().run(*TABLES) as warehouse:
        said = told(warehouse, "BB04")
    assert said["Expected"] == (
        "ORD-00001/1 sells 10 x Seat at 100.00 USD a month less 10 %, from 2026-01-01 to 2026-12-31, billed monthly in advance; "
        "order ORD-00001 is active since 2025-12-15. "
        "For service 2026-09-01 to 2026-09-30 the schedule of these terms says 900.00 USD, due 2026-09-01."
    )
    assert said["Found"].endswith(f"Expected less found is {MINUS}100.00 USD in all.")
    assert said["At risk"].startswith("100.00 USD")
    assert "stripe_main invoice in-9 (INV-9, 1,100.00 USD, open, 2026-09-01)." in said["Proof"]
    assert said["Rule"].startswith("BB04 (bb04_price_drift): unit price or discount differs from the contract.")
    assert said["Repair"].startswith("Amend price")


def test_a_missing_posting_is_told_by_account_class() -> None:
    with drifted().run(*TABLES) as warehouse:
        said = told(warehouse, "BP01")
    assert "The billed side demands 990.00 USD of receivable in US in 2026-03." in said["Expected"]
    assert "receivable of US: posted 0.00 instead of 990.00, difference 990.00 USD." in said["Found"]
    assert said["Found"].endswith("Expected less found is 990.00 USD of the receivable in all.")


def test_what_it_explains_is_told_as_its_symptom() -> None:
    world = delivered(reject=[reject("ch_1", "status", enum=True)])
    with world.run(*TABLES) as warehouse:
        said = told(warehouse, "DQ03")
    assert said["Symptoms"] == (
        "DQ02 on stripe_main.charge/ch_1 (record could not be read and is quarantined) is a symptom of this."
    )


def test_a_finding_without_money_says_so() -> None:
    world = consistent().post_all()
    world.change("account", "cus-1", claimed_crm_account_id=None)
    with world.run(*TABLES) as warehouse:
        said = told(warehouse, "MD07")
        assert explain(warehouse, "ac-1@BILLING")[0].title == "Exception"
    assert said["At risk"].startswith("No money")
    assert "sf_main account 001-1 (AC-1)." in said["Proof"]
    assert "Symptoms" not in said


@pytest.mark.parametrize("identifier", ["ffffffffffff", "", "a", "ORD-9/9"])
def test_an_unknown_id_leads_to_the_list(identifier: str) -> None:
    with consistent().post_all().run(*TABLES) as warehouse, pytest.raises(StoreError, match="q2c exceptions list"):
        explain(warehouse, identifier)


def test_an_id_that_several_have_lists_them() -> None:
    world = consistent().post_all()
    world.change("account", "cus-1", claimed_crm_account_id=None)
    with world.run(*TABLES) as warehouse:
        warehouse.connection.execute("insert into recon.exception select * replace ('zz' as exception_id) from recon.exception")
        with pytest.raises(StoreError, match=r"choose one of .*MD07 AC-1@billing.*zz"):
            explain(warehouse, "AC-1@billing")


def test_the_rate_and_the_policy_that_decided_are_told() -> None:
    world = consistent()
    world.order(2, currency="EUR", quantity=Decimal(1000), start_date=date(2026, 10, 1))
    with world.post_all().run(*TABLES) as warehouse:
        said = told(warehouse, "BB01")
    assert said["At risk"] == (
        "110,000.00 USD: 100,000.00 EUR at 1.1, the newest rate on or before 2026-10-31. "
        "It blocks a close: the policy has no limit of materiality."
    )
    assert said["Rule"].endswith("The run was under version 1 of the policy (the first one, digest c0ffee).")


@pytest.mark.parametrize(
    ("limit", "verdict"), [("100.01", "It does not block a close: it stays below"), ("100", "It blocks a close by")]
)
def test_materiality_is_told_with_the_limits_that_decided(limit: str, verdict: str) -> None:
    world = drifted()
    with world.filled() as warehouse:
        warehouse.connection.execute("insert into policy.materiality values ('US', ?, 50)", [limit])
        world.make(warehouse, *TABLES)
        said = told(warehouse, "BB04")
    assert f"{verdict} the limits of US: {Decimal(limit):.2f} USD and 50 % of 900.00 USD." in said["At risk"]


def test_a_proposed_repair_is_told_with_both_values() -> None:
    world = consistent().post_all()
    world.change("account", "cus-1", claimed_crm_account_id=None)
    with world.run(*TABLES) as warehouse:
        said = told(warehouse, "MD07")
    assert said["Expected"] == "Customer stripe_main:cus-1 names account 001-1."
    assert said["Found"] == "It names no account."
    assert "Proposed: set claimed_crm_account_id of stripe_main account cus-1 from nothing to '001-1'." in said["Repair"]
