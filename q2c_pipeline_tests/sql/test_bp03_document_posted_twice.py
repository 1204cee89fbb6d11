"""BP03: a document posted twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def test_a_second_transaction_of_one_document() -> None:
    world = consistent().post_all()
    world.post("in-5", transaction="tr-again", claimed_document_id="other")

    assert world.exceptions() == [("BP03", "INV-5", Decimal("-1100.0000"), "USD")]


def test_a_reversed_second_transaction_is_right() -> None:
    world = consistent().post_all()
    world.post("in-5", transaction="tr-again")
    world.journal(
        "tr-back",
        {"1100": Decimal(-1100), "2100": Decimal(100), "4000": Decimal(1000)},
        transaction_kind="journal",
        transaction_number="JE-9",
        claimed_document_number="INV-5",
        posting_date=date(2026, 5, 9),
        currency="USD",
    )

    assert world.exceptions() == []
