"""BB16: a credit memo without an invoice, or above it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from q2c_pipeline_tests.sql.world import TAX, consistent

if TYPE_CHECKING:
    from q2c_pipeline_tests.sql.world import World

MAY = {"service_start_date": date(2026, 5, 1), "service_end_date": date(2026, 5, 31)}


def credit(world: World, name: str, net: int, *, of: str | None = "5", **line: Any) -> None:
    """An issued credit memo cn-<name> with one line over `net` for May, crediting invoice `of`."""
    amounts = {"net_amount": Decimal(-net), "tax_amount": Decimal(-net) * TAX}
    world.add(
        "invoice", "billing", f"cn-{name}", document_kind="credit_memo", document_status="issued", document_number=f"CN-{name}",
        account_source_id="cus-1", issued_date=date(2026, 6, 1), currency="USD", legal_entity_code="US",
        total_amount=Decimal(-net) * (1 + TAX), credited_invoice_source_id=of and f"in-{of}", **amounts,
    )  # fmt: skip
    usual = {"invoice_source_id": f"cn-{name}", "credited_line_source_id": of and f"il-{of}", "currency": "USD", **MAY}
    world.add("invoice_line", "billing", f"cl-{name}", **(usual | amounts | line))


def test_a_credit_above_the_line_it_credits() -> None:
    world = consistent()
    credit(world, "1", 1200)

    assert world.post_all().exceptions() == [
        ("BB16", "ORD-00001/1", Decimal("1200.0000"), "USD"),
        ("SL05", "CN-1", Decimal("220.0000"), "USD"),  # what the invoice cannot take is left over
    ]


def test_a_credit_for_service_that_goes_on() -> None:
    world = consistent()
    credit(world, "1", 400)

    assert world.post_all().exceptions() == [("BB16", "ORD-00001/1", Decimal("400.0000"), "USD")]


def test_the_same_service_credited_twice() -> None:
    world = consistent()
    world.change("contract_line", "802-1", end_date=date(2026, 10, 31))
    world.order(2, amends=1, start_date=date(2026, 5, 1), end_date=date(2026, 5, 31), quantity=Decimal(-4))
    world.change("contract", "801-2", claimed_subscription_id="sub-1", claimed_billing_status="Active")
    credit(world, "1", 400)
    assert world.post_all().exceptions() == []

    credit(world, "2", 400)
    world.post("cn-2")
    assert world.exceptions() == [("BB16", "ORD-00001/1", Decimal("400.0000"), "USD")]


def test_a_credit_of_a_voided_invoice() -> None:
    world = consistent()
    world.bill("5b", date(2026, 5, 1), date(2026, 5, 31))
    world.change("invoice", "in-5", document_status="void")
    credit(world, "1", 1000)

    assert world.post_all().exceptions() == [("BB16", "ORD-00001/1", Decimal("1000.0000"), "USD")]


def test_a_credit_that_names_no_invoice() -> None:
    world = consistent()
    credit(world, "1", 300, of=None, claimed_contract_line_id="802-1")

    assert world.post_all().exceptions() == [("BB16", "ORD-00001/1", Decimal("300.0000"), "USD")]


def test_a_credit_that_repairs_too_much_billed_is_right() -> None:
    world = consistent()
    world.reprice("5", 1200, unit_price=Decimal(120))
    credit(world, "1", 200)

    assert world.post_all().exceptions() == []
