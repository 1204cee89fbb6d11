"""BB08: the same period billed twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def test_a_second_invoice_of_one_month() -> None:
    world = consistent()
    world.bill("5b", date(2026, 5, 1), date(2026, 5, 31), issued_date=date(2026, 5, 3))

    assert world.post_all().exceptions() == [("BB08", "ORD-00001/1", Decimal("-1000.0000"), "USD")]


def test_a_void_invoice_billed_again_is_right() -> None:
    world = consistent()
    world.change("invoice", "in-5", document_status="void")
    world.bill("5b", date(2026, 5, 1), date(2026, 5, 31))

    assert world.post_all().exceptions() == []


def test_a_second_invoice_that_was_credited_is_right() -> None:
    world = consistent()
    world.bill("5b", date(2026, 5, 1), date(2026, 5, 31))
    world.bill(
        "5c",
        date(2026, 5, 1),
        date(2026, 5, 31),
        -1000,
        document_kind="credit_memo",
        document_status="issued",
        credited_line_source_id="il-5b",
        subscription_line_source_id=None,
    )

    assert world.post_all().exceptions() == []
