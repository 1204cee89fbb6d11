"""ST01: the order does not say what its subscription is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.world import World, consistent


def test_no_subscription_id_though_the_line_names_its_item() -> None:
    world = consistent().post_all()
    world.change("contract", "801-1", claimed_subscription_id=None)

    assert world.exceptions() == [("ST01", "ORD-00001", Decimal("0.0000"), None)]


def test_status_of_another_time() -> None:
    world = consistent().post_all()
    world.change("contract", "801-1", claimed_billing_status="Canceled")

    assert world.exceptions() == [("ST01", "ORD-00001", Decimal("0.0000"), None)]


def test_status_of_a_canceled_subscription_written_back_is_right() -> None:
    world = consistent().post_all()
    world.change("contract", "801-1", claimed_billing_status="Canceled")
    world.change("subscription", "sub-1", subscription_status="canceled")

    assert world.exceptions() == []


def told(invoice: str | None, payment: str | None, **newest: object) -> World:
    """The order bears fields for invoice and payment status; its newest invoice changed last in June unless told otherwise."""
    world = consistent().post_all()
    world.change("contract", "801-1", claimed_invoice_status=invoice, claimed_payment_status=payment)
    for row in world.rows["invoice"].values():
        row["open_amount"], row["paid_amount"] = row["total_amount"], Decimal(0)
    world.change("invoice", "in-6", **newest)
    return world


@pytest.mark.parametrize(("invoice", "payment"), [("Open", "Unpaid"), (None, None), ("open", None)])
def test_what_billing_says_of_the_invoices_is_right(invoice: str | None, payment: str | None) -> None:
    assert told(invoice, payment).exceptions() == []


@pytest.mark.parametrize(
    ("invoice", "payment", "changes"),
    [
        ("Paid", "Unpaid", [("claimed_invoice_status", "Paid", "Open")]),
        ("Open", "Paid", [("claimed_payment_status", "Paid", "Unpaid")]),
        ("Paid", "Paid", [("claimed_invoice_status", "Paid", "Open"), ("claimed_payment_status", "Paid", "Unpaid")]),
    ],
)
def test_status_of_invoice_or_payment_is_stale(invoice: str, payment: str, changes: list[tuple[str, ...]]) -> None:
    world = told(invoice, payment)
    assert world.exceptions() == [("ST01", "ORD-00001", Decimal("0.0000"), None)]
    with world.run("recon.exception", "repair.field_change") as warehouse:
        query = "select field_name, before_value, after_value from repair.field_change order by field_name"
        assert warehouse.query(query).rows() == changes


@pytest.mark.parametrize(("payment", "is_stale"), [("Partially Paid", False), ("Unpaid", True), ("Paid", True)])
def test_some_money_is_partial_payment(payment: str, *, is_stale: bool) -> None:
    world = told("Open", payment, open_amount=Decimal(100), paid_amount=Decimal(1000))
    assert ("ST01" in {control for control, *_ in world.exceptions()}) is is_stale


def test_an_invoice_that_has_just_changed_is_not_stale_yet() -> None:
    world = told("Open", "Paid")
    world.params["as_of"] = date(2026, 6, 1)  # the day on which the newest invoice was issued
    assert "ST01" not in {control for control, *_ in world.exceptions()}
