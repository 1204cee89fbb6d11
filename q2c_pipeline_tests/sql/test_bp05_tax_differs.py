"""BP05: posted tax differs from the document's."""

from __future__ import annotations

from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent, found_in


def posted(receivable: int, tax: int, revenue: int) -> World:
    """Invoice 5 (net 1,000, tax 100) with other amounts in the ledger, debit positive."""
    world = consistent().post_all()
    for number, amount in enumerate((receivable, tax, revenue), 1):
        world.change("posting", f"tr-in-5-{number}-1", transaction_amount=Decimal(amount))
    return world


def test_tax_at_another_rate_moves_the_receivable() -> None:
    assert posted(1050, -50, -1000).exceptions() == [("BP05", "INV-5", Decimal("50.0000"), "USD")]


def test_too_much_tax_counts_the_other_way() -> None:
    assert posted(1101, -101, -1000).exceptions() == [("BP05", "INV-5", Decimal("-1.0000"), "USD")]


def test_posted_gross_is_worth_the_tax_and_says_so() -> None:
    with posted(1100, 0, -1100).run() as warehouse:
        assert found_in(warehouse) == [("BP05", "INV-5", Decimal("100.0000"), "USD")]
        reason, cells = warehouse.query("select reason, cell_count from recon.exception").rows()[0]
    assert cells == 2
    assert "posted without tax" in reason


def test_tax_on_an_account_of_no_class_is_a_tax_difference_too() -> None:
    world = consistent().post_all()
    world.change("posting", "tr-in-5-2-1", ledger_account_source_id="6000")

    assert world.exceptions() == [("BP05", "INV-5", Decimal("100.0000"), "USD")]


def test_with_net_and_total_wrong_it_is_the_net() -> None:
    assert posted(990, -90, -900).exceptions() == [("BP04", "INV-5", Decimal("110.0000"), "USD")]


def test_an_unbalanced_transaction_is_not_a_tax_difference() -> None:
    assert posted(1100, -90, -1000).exceptions() == [("BP12", "INV-5", Decimal("-10.0000"), "USD")]
