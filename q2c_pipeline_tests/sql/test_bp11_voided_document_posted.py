"""BP11: a void or deleted document that is still posted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def test_a_void_invoice_still_in_the_ledger() -> None:
    world = consistent().post_all()
    world.bill("v", date(2026, 6, 1), date(2026, 6, 30))
    world.post("in-v")
    world.change("invoice", "in-v", document_status="void")

    assert world.exceptions() == [("BP11", "INV-v", Decimal("-1100.0000"), "USD")]


def test_a_deleted_invoice_still_in_the_ledger() -> None:
    world = consistent().post_all()
    world.bill("v", date(2026, 6, 1), date(2026, 6, 30))
    world.post("in-v")
    world.change("invoice", "in-v", is_deleted=True)

    assert world.exceptions() == [("BP11", "INV-v", Decimal("-1100.0000"), "USD")]


def test_a_void_invoice_taken_back_in_the_ledger_is_right() -> None:
    world = consistent().post_all()
    world.bill("v", date(2026, 6, 1), date(2026, 6, 30))
    world.post("in-v", is_voided=True, is_posted=False)
    world.change("invoice", "in-v", document_status="void")

    assert world.exceptions() == []
