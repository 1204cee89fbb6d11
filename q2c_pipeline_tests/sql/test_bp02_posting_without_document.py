"""BP02: a posting that refers to no known billing document."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent

UNKNOWN = {"1100": Decimal(110), "2100": Decimal(-10), "4000": Decimal(-100)}


def test_an_unknown_number_is_named_by_the_transaction() -> None:
    world = consistent().post_all()
    world.journal(
        "tr-x",
        UNKNOWN,
        transaction_kind="invoice",
        transaction_number="INV-77",
        claimed_document_number="INV-77",
        claimed_document_id="in-77",
        posting_date=date(2026, 6, 1),
        currency="USD",
    )

    assert world.exceptions() == [("BP02", "INV-77", Decimal("-110.0000"), "USD")]


def test_journals_that_name_no_document_are_outside_this_leg() -> None:
    world = consistent().post_all()
    world.journal(
        "tr-x",
        {"6000": Decimal(9), "1000": Decimal(-9)},
        transaction_kind="journal",
        transaction_number="JE-1",
        posting_date=date(2026, 6, 1),
        currency="USD",
    )
    world.journal(
        "tr-y",
        {"2400": Decimal(5), "4000": Decimal(-5)},
        transaction_kind="revenue_release",
        transaction_number="REL-1",
        posting_date=date(2026, 6, 30),
        currency="USD",
    )

    assert [row for row in world.exceptions() if row[0].startswith("BP")] == []
