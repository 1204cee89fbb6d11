"""BP09: posted in another currency or at another rate."""

from __future__ import annotations

from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent, found_in


def in_euro(receivable: str) -> World:
    """Everything sold and billed in EUR by US; the rate is 1.1 in October, the receivable of invoice 10 is 1,100.00 EUR."""
    world = consistent()
    for table in ("contract", "subscription", "invoice", "invoice_line"):
        for row in world.rows[table].values():
            row["currency"] = "EUR"
    world.post_all()
    world.change("posting", "tr-in-10-1-1", functional_amount=Decimal(receivable), exchange_rate=Decimal("1.05"))
    return world


def test_another_currency_is_one_exception_in_the_documents_own() -> None:
    world = consistent().post_all()
    for number in (1, 2, 3):
        world.change("posting", f"tr-in-5-{number}-1", currency="GBP")

    with world.run() as warehouse:
        assert found_in(warehouse) == [("BP09", "INV-5", Decimal("1100.0000"), "USD")]
        assert warehouse.query("select cell_count, legal_entity_code from recon.exception").rows() == [(6, "US")]
        bridge = warehouse.query(
            "select currency, cause_amount from recon.bridge where cause = 'BP09' and measure = 'receivable' order by all"
        ).rows()
    assert bridge == [("GBP", Decimal("-1100.0000")), ("USD", Decimal("1100.0000"))]


def test_another_currency_with_other_figures_is_still_that() -> None:
    world = consistent().post_all()
    for number, amount in enumerate((900, -90, -810), 1):
        world.change("posting", f"tr-in-5-{number}-1", currency="GBP", transaction_amount=Decimal(amount))

    assert world.exceptions() == [("BP09", "INV-5", Decimal("1100.0000"), "USD")]


def test_a_wrong_rate_is_worth_what_the_books_miss() -> None:
    assert in_euro("1155").exceptions() == [("BP09", "INV-10", Decimal("55.0000"), "USD")]


def test_the_reason_names_both_worths_and_both_rates() -> None:
    with in_euro("1155").run() as warehouse:
        reason = warehouse.query("select reason from recon.exception").rows()[0][0]
    assert all(part in reason for part in ("1210.0000 USD", "1155.0000 USD", "1.1", "1.05"))


def test_a_cent_a_line_is_rounding() -> None:
    assert in_euro("1209.97").exceptions() == []


def test_the_rate_of_the_day_is_right_and_a_day_without_a_rate_is_not_judged() -> None:
    assert in_euro("1210").exceptions() == []
