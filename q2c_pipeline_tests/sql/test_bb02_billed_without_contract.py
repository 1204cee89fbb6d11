"""BB02: billed without any contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import consistent


def test_a_subscription_that_no_order_knows_is_named_by_its_id() -> None:
    world = consistent()
    world.add("subscription", "billing", "sub-9", account_source_id="cus-1", subscription_status="active", currency="USD")
    world.add("subscription_line", "billing", "si-9", subscription_source_id="sub-9", product_source_id="prod-1")
    world.bill("x", date(2026, 4, 1), date(2026, 4, 30), 250, subscription_source_id="sub-9", subscription_line_source_id="si-9")
    world.bill("y", date(2026, 5, 1), date(2026, 5, 31), 250, subscription_source_id="sub-9", subscription_line_source_id="si-9")

    assert world.post_all().exceptions() == [("BB02", "sub-9", Decimal("-500.0000"), "USD")]


def test_a_manual_invoice_item_is_named_by_its_invoice() -> None:
    world = consistent()
    world.bill("x", date(2026, 4, 1), date(2026, 4, 30), 250, subscription_source_id=None, subscription_line_source_id=None)

    assert world.post_all().exceptions() == [("BB02", "INV-x", Decimal("-250.0000"), "USD")]


def test_void_and_draft_documents_bill_nothing() -> None:
    world = consistent()
    for name, status in (("x", "void"), ("y", "draft")):
        world.bill(
            name,
            date(2026, 4, 1),
            date(2026, 4, 30),
            subscription_source_id=None,
            subscription_line_source_id=None,
            document_status=status,
        )

    assert world.post_all().exceptions() == []
