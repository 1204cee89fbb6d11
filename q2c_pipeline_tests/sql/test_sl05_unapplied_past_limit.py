"""SL05: money and credit that settle nothing for too long."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.test_sl02_payment_not_posted import posted
from q2c_pipeline_tests.sql.world import World

OLD, YOUNG = date(2026, 9, 30), date(2026, 10, 1)
"""31 and 30 days before the day of the reconciliation; 30 are agreed."""


def on_account(day: date, *, applied: int = 0) -> World:
    """500.00 USD came in through ch-9, of which as much settles invoice 6."""
    world = posted()
    money = {"payment_source_id": "pi-9", "currency": "USD", "payment_status": "succeeded"}
    world.add(
        "payment", "billing", "ch-9", payment_kind="payment", payment_amount=Decimal(500), account_source_id="cus-1",
        paid_date=day, **money,
    )  # fmt: skip
    if applied:
        world.add("payment_application", "billing", "inpay-9", invoice_source_id="in-6", payment_amount=Decimal(applied), **money)
        enter(world, "inpay-9", applied, day, "INV-6")
    enter(world, "ch-9", 500 - applied, day, None)
    return world


def enter(world: World, name: str, amount: int, day: date, document: str | None) -> None:
    """The ledger's payment under that id."""
    world.journal(
        f"PMT-{name}", {"1000": Decimal(amount), "1100": Decimal(-amount)}, transaction_kind="payment",
        transaction_number=f"PMT-{name}", posting_date=day, currency="USD", claimed_document_id=name,
        claimed_document_number=document, account_source_id="77",
    )  # fmt: skip


def credited(day: date, *, refunded: bool) -> World:
    """Invoice 7 was paid in full, then 110.00 of it credited, and paid back or not."""
    world = posted()
    money = {"payment_source_id": "pi-7", "payment_amount": Decimal(1100), "currency": "USD", "payment_status": "succeeded"}
    world.add("payment_application", "billing", "inpay-7", invoice_source_id="in-7", **money)
    paid = date(2026, 8, 1)
    world.add("payment", "billing", "ch-7", payment_kind="payment", account_source_id="cus-1", paid_date=paid, **money)
    enter(world, "inpay-7", 1100, paid, "INV-7")
    world.change("invoice", "in-7", document_status="paid", open_amount=Decimal(0), paid_amount=Decimal(1100))
    world.add(
        "invoice", "billing", "cn-7", document_kind="credit_memo", document_number="CN-7", document_status="issued",
        account_source_id="cus-1", credited_invoice_source_id="in-7", legal_entity_code="US", currency="USD", issued_date=day,
        net_amount=Decimal(0), tax_amount=Decimal(-110), total_amount=Decimal(-110),
    )  # fmt: skip
    world.post("cn-7")
    if refunded:
        world.add(
            "payment", "billing", "re-7", payment_kind="refund", payment_amount=Decimal(-110), payment_source_id="ch-7",
            currency="USD", payment_status="succeeded", paid_date=day,
        )  # fmt: skip
        world.journal(
            "RFD-7", {"1000": Decimal(-110), "1100": Decimal(110)}, transaction_kind="refund", transaction_number="RFD-7",
            posting_date=day, currency="USD", claimed_document_id="re-7", claimed_document_number="INV-7",
        )  # fmt: skip
    return world


def test_cash_without_an_invoice_past_the_limit() -> None:
    assert on_account(OLD).exceptions() == [("SL05", "ch-9", Decimal("500.0000"), "USD")]


def test_cash_within_the_limit_waits() -> None:
    assert on_account(YOUNG).exceptions() == []


def test_only_the_rest_of_a_payment_waits() -> None:
    assert on_account(OLD, applied=380).exceptions() == [("SL05", "ch-9", Decimal("120.0000"), "USD")]


def test_what_was_paid_back_waits_no_longer() -> None:
    world = on_account(OLD)
    world.add(
        "payment", "billing", "re-9", payment_kind="refund", payment_amount=Decimal(-500), payment_source_id="ch-9",
        currency="USD", payment_status="succeeded", paid_date=OLD,
    )  # fmt: skip

    assert "SL05" not in {control for control, *_ in world.exceptions()}


def test_credit_that_nobody_took() -> None:
    assert credited(OLD, refunded=False).exceptions() == [("SL05", "CN-7", Decimal("110.0000"), "USD")]
    assert credited(YOUNG, refunded=False).exceptions() == []


def test_credit_that_was_paid_back() -> None:
    assert credited(OLD, refunded=True).exceptions() == []


def test_money_of_a_payer_that_nothing_places_stands_where_the_ledger_entered_it() -> None:
    world = on_account(YOUNG)
    world.change("payment", "ch-9", account_source_id="cus-nobody-knows")

    with world.run() as warehouse:
        found = warehouse.query("select control_id from recon.exception").rows()
        company = warehouse.query("select legal_entity_code from link.money where source_id = 'ch-9'").item()
    assert (found, company) == ([], "US")
