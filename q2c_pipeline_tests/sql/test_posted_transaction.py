"""What a transaction posts stands in one row, an amount for each class; who posts a class is known where it differs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from q2c_pipeline_tests.sql.world import World, consistent

DAY = date(2026, 5, 1)
_AMOUNTS = "receivable_amount, tax_amount, deferred_revenue_amount, revenue_amount, unbilled_amount, balance_amount"


def posted(world: World, transaction: str) -> list[tuple[Decimal | None, ...]]:
    """The amounts of every row of a transaction."""
    with world.run("link.posted_transaction") as warehouse:
        where = f"where transaction_key = 'netsuite_main:{transaction}'"
        return warehouse.query(f"select {_AMOUNTS} from link.posted_transaction {where}").rows()


def entry(world: World, transaction: str, amounts: dict[str, Decimal], **shared: Any) -> World:
    """The same world with one more transaction of 1 May in USD."""
    usual = {"transaction_number": transaction, "transaction_kind": "journal", "posting_date": DAY, "currency": "USD"}
    world.journal(transaction, amounts, **(usual | shared))
    return world


def test_an_invoice_is_one_row_with_an_amount_for_each_class_of_the_primary_book() -> None:
    assert posted(consistent().post_all(), "tr-in-5") == [
        (Decimal(1100), Decimal(-100), None, Decimal(-1000), None, Decimal(0)),
    ]


def test_an_account_of_no_class_counts_in_the_balance_alone() -> None:
    world = entry(consistent().post_all(), "je-1", {"1100": Decimal(30), "9999": Decimal(-20)})

    assert posted(world, "je-1") == [(Decimal(30), None, None, None, None, Decimal(10))]


def test_a_release_has_a_document_only_where_it_quotes_one() -> None:
    release = {"2400": Decimal(10), "4000": Decimal(-10)}
    world = entry(consistent().post_all(), "rel-1", release, transaction_kind="revenue_release")
    entry(world, "rel-2", release, transaction_kind="revenue_release", claimed_document_number="INV-5")

    with world.run("link.document") as warehouse:
        rows = warehouse.query(
            "select transaction_key, document_key from link.document where transaction_key like '%:rel-%'"
        ).rows()
    assert rows == [("netsuite_main:rel-2", "stripe_main:in-5")]


def test_each_differing_class_names_the_transactions_that_post_it() -> None:
    world = entry(consistent().post_all(), "a-1", {"2100": Decimal(-7)}, claimed_document_number="INV-5")

    with world.run("grid.billed_posted") as warehouse:
        rows = warehouse.query(
            "select account_class, difference_amount, first_transaction_key, last_transaction_key from grid.billed_posted "
            "where document_key = 'stripe_main:in-5' order by 1"
        ).rows()
    assert rows == [
        ("receivable", Decimal(0), None, None),
        ("revenue", Decimal(0), None, None),
        ("tax", Decimal(7), "netsuite_main:a-1", "netsuite_main:tr-in-5"),
    ]
