"""BP04: posted net differs from the document."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def test_posted_ninety_of_a_hundred() -> None:
    world = consistent().post_all()
    for book in (1, 2):
        world.change("posting", f"tr-in-5-1-{book}", transaction_amount=Decimal(1000))
        world.change("posting", f"tr-in-5-3-{book}", transaction_amount=Decimal(-900))

    assert world.exceptions() == [("BP04", "INV-5", Decimal("100.0000"), "USD")]


def test_the_secondary_book_does_not_matter() -> None:
    world = consistent().post_all()
    world.change("posting", "tr-in-5-1-2", transaction_amount=Decimal(1))

    assert world.exceptions() == []


def test_deferred_and_revenue_follow_the_service() -> None:
    world = consistent()
    world.change("contract_line", "802-1", billing_frequency="annual", price_period="year", unit_price=Decimal(1000))
    for month in range(2, 11):
        world.unbill(str(month))
    world.reprice("1", 10000, service_end_date=date(2026, 12, 31))

    assert [row for row in world.post_all().exceptions() if row[0].startswith("BP")] == []
    assert world.get("posting", "tr-in-1-3-1")["ledger_account_source_id"] == "2400"
