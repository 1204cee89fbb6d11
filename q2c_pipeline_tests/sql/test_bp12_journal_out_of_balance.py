"""BP12: a journal whose lines do not add up to zero."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def test_a_release_journal_that_is_off() -> None:
    world = consistent().post_all()
    world.journal(
        "tr-r",
        {"2400": Decimal("100.00"), "4000": Decimal("-99.50")},
        transaction_kind="revenue_release",
        transaction_number="REL-US-2026-06",
        posting_date=date(2026, 6, 30),
        currency="USD",
    )

    assert world.exceptions() == [("BP12", "REL-US-2026-06", Decimal("-0.5000"), "USD")]


def test_an_invoice_posting_whose_income_is_off_is_not_a_net_difference() -> None:
    world = consistent().post_all()
    world.change("posting", "tr-in-5-3-1", transaction_amount=Decimal(-990))

    assert world.exceptions() == [("BP12", "INV-5", Decimal("-10.0000"), "USD")]


def test_a_journal_that_balances_is_right() -> None:
    world = consistent().post_all()
    world.journal(
        "tr-m",
        {"6000": Decimal(7), "1000": Decimal(-7)},
        transaction_kind="journal",
        transaction_number="JE-1",
        posting_date=date(2026, 6, 30),
        currency="USD",
    )

    assert world.exceptions() == []
