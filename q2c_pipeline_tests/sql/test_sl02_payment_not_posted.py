"""SL02: money that billing saw move, against the payments and refunds of the ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from q2c_pipeline_tests.sql.world import World, consistent

DAY = date(2026, 5, 20)


def paid(day: date = DAY) -> World:
    """Invoice 5 of 1,100.00 is paid by inpay-5 through ch-5; 100.00 of it is given back by re-5."""
    world = consistent()
    settled = {"payment_status": "succeeded", "currency": "USD"}
    world.add(
        "payment_application",
        "billing",
        "inpay-5",
        invoice_source_id="in-5",
        payment_source_id="pi-5",
        payment_amount=Decimal(1100),
        **settled,
    )
    money: dict[str, Any] = {"paid_date": day, **settled}
    world.add(
        "payment",
        "billing",
        "ch-5",
        payment_kind="payment",
        payment_source_id="pi-5",
        payment_amount=Decimal(1100),
        account_source_id="cus-1",
        **money,
    )
    world.add(
        "payment", "billing", "re-5", payment_kind="refund", payment_source_id="ch-5", payment_amount=Decimal(-100), **money
    )
    return world.post_all()


def settle(world: World, transaction: str, amount: int, claimed_id: str | None, kind: str = "payment") -> None:
    """A ledger payment of that amount for invoice 5."""
    world.journal(
        transaction,
        {"1000": Decimal(amount), "1100": Decimal(-amount)},
        transaction_kind=kind,
        transaction_number=transaction,
        posting_date=DAY,
        currency="USD",
        claimed_document_number="INV-5",
        claimed_document_id=claimed_id,
        account_source_id="77",
    )


def posted() -> World:
    """The same, posted as finance does."""
    world = paid()
    settle(world, "PMT-5", 1100, "inpay-5")
    settle(world, "RFD-5", -100, "re-5", "refund")
    return world


def test_money_that_is_posted_once_is_right() -> None:
    assert posted().exceptions() == []


def test_a_payment_and_a_refund_without_a_transaction() -> None:
    assert paid().exceptions() == [
        ("SL02", "inpay-5", Decimal("1100.0000"), "USD"),
        ("SL02", "re-5", Decimal("-100.0000"), "USD"),
    ]


def test_a_payment_that_a_second_transaction_posts_under_another_id() -> None:
    world = posted()
    settle(world, "PMT-5-R", 1100, "inpay-5-retry")

    with world.run() as warehouse:
        found = warehouse.query("select control_id, subject_key, difference_amount, reason from recon.exception").rows()
    assert found == [
        (
            "SL02",
            "inpay-5",
            Decimal("-1100.0000"),
            "payment inpay-5 of 1100.00 USD for INV-5: 2 transactions post 2200.00 USD",
        )
    ]


def test_a_payment_without_the_id_of_billing_is_known_by_invoice_and_amount() -> None:
    world = posted()
    for number in (1, 2):
        for book in (1, 2):
            world.change("posting", f"PMT-5-{number}-{book}", claimed_document_id=None)

    assert world.exceptions() == []


def test_money_of_the_last_days_is_in_flight() -> None:
    world = paid(date(2026, 10, 30))

    assert world.exceptions() == []


def test_the_money_of_one_billing_system_may_have_less_grace() -> None:
    world = paid(date(2026, 10, 30))
    world.graces = [("stripe_main", "US", None, None, 0)]

    assert {control for control, *_ in world.exceptions()} == {"SL02"}


def test_money_that_did_not_move_is_not_missed() -> None:
    world = paid()
    world.change("payment_application", "inpay-5", payment_status="failed")
    world.change("payment", "ch-5", payment_status="failed")
    world.change("payment", "re-5", payment_status="failed")

    assert world.exceptions() == []


def test_money_goes_by_the_invoice_where_its_own_day_is_unknown() -> None:
    world = paid()
    world.remove("payment", "ch-5")
    world.remove("payment", "re-5")

    assert world.exceptions() == [("SL02", "inpay-5", Decimal("1100.0000"), "USD")]


def test_without_a_ledger_nothing_is_compared() -> None:
    world = paid()
    world.roles = ("crm", "billing")

    assert world.exceptions() == []
