"""BP08: posted to an account of the wrong class."""

from __future__ import annotations

from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent, found_in


def test_revenue_posted_as_deferred_is_worth_what_revenue_misses() -> None:
    world = consistent().post_all()
    world.change("posting", "tr-in-5-3-1", ledger_account_source_id="2400")

    with world.run() as warehouse:
        assert found_in(warehouse) == [("BP08", "INV-5", Decimal("1000.0000"), "USD")]
        assert warehouse.query("select cell_count from recon.exception").rows() == [(2,)]


def test_revenue_posted_to_an_account_that_no_control_watches() -> None:
    world = consistent().post_all()
    world.change("posting", "tr-in-5-3-1", ledger_account_source_id="6000")

    assert world.exceptions() == [("BP08", "INV-5", Decimal("1000.0000"), "USD")]


def test_a_reclass_that_names_the_document_heals_it() -> None:
    world = consistent().post_all()
    world.change("posting", "tr-in-5-3-1", ledger_account_source_id="2400")
    day = world.get("invoice", "in-5")["issued_date"]
    world.journal(
        "tr-fix",
        {"2400": Decimal(1000), "4000": Decimal(-1000)},
        transaction_kind="journal",
        transaction_number="JE-2",
        claimed_document_number="INV-5",
        posting_date=day,
        currency="USD",
    )

    assert world.exceptions() == []


def test_a_reclass_of_too_little_leaves_the_rest() -> None:
    world = consistent().post_all()
    world.change("posting", "tr-in-5-3-1", ledger_account_source_id="2400")
    day = world.get("invoice", "in-5")["issued_date"]
    world.journal(
        "tr-fix",
        {"2400": Decimal(900), "4000": Decimal(-900)},
        transaction_kind="journal",
        transaction_number="JE-2",
        claimed_document_number="INV-5",
        posting_date=day,
        currency="USD",
    )

    assert world.exceptions() == [("BP08", "INV-5", Decimal("100.0000"), "USD")]
