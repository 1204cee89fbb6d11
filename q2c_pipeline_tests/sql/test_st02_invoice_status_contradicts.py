"""ST02: an invoice's status contradicts its balance or its payments."""

from __future__ import annotations

from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.world import World, consistent

TOTAL = Decimal(1100)


def contradictions(world: World) -> list[tuple[str, str, Decimal, str | None]]:
    """What ST02 finds; the payments of these worlds are not in the ledger, which is another control's matter."""
    return [row for row in world.exceptions() if row[0] == "ST02"]


def stated(status: str, left: Decimal | int, paid: Decimal | int, applied: Decimal | int) -> World:
    world = consistent()
    world.change("invoice", "in-3", document_status=status, open_amount=Decimal(left), paid_amount=Decimal(paid))
    usual = {"invoice_source_id": "in-3", "currency": "USD"}
    world.add("payment_application", "billing", "ip-1", payment_status="succeeded", payment_amount=Decimal(applied), **usual)
    world.add("payment_application", "billing", "ip-2", payment_status="canceled", payment_amount=TOTAL, **usual)
    return world.post_all()


@pytest.mark.parametrize(
    ("status", "left", "paid", "applied"),
    [("paid", 40, 1060, 1060), ("open", 0, 1100, 1100), ("uncollectible", 0, 1100, 1100), ("paid", 0, 1100, 1000)],
)
def test_each_contradiction(status: str, left: int, paid: int, applied: int) -> None:
    assert contradictions(stated(status, left, paid, applied)) == [("ST02", "INV-3", Decimal("0.0000"), None)]


def test_a_void_invoice_that_money_settles() -> None:
    world = stated("void", 0, 0, 1100)
    world.bill("3b", *(world.get("invoice_line", "il-3")[name] for name in ("service_start_date", "service_end_date")))
    world.post("in-3b")

    assert contradictions(world) == [("ST02", "INV-3", Decimal("0.0000"), None)]


@pytest.mark.parametrize(
    ("status", "left", "paid", "applied"), [("paid", 0, 1100, 1100), ("open", 500, 600, 600), ("uncollectible", 1100, 0, 0)]
)
def test_what_agrees_is_silent(status: str, left: int, paid: int, applied: int) -> None:
    assert contradictions(stated(status, left, paid, applied)) == []
