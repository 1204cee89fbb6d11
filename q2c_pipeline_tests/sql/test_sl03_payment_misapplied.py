"""SL03: money that settles an invoice of somebody else, or more than was open."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.test_sl02_payment_not_posted import posted, settle
from q2c_pipeline_tests.sql.world import World

HALF = ("SL03", "inpay-6", Decimal("-100.0000"), "USD")


def with_second_customer() -> World:
    """Customer two, known in all systems."""
    world = posted()
    ids = {"claimed_billing_account_id": "cus-2", "claimed_erp_account_id": "78"}
    world.add("account", "crm", "001-2", account_number="AC-2", account_name="Two", legal_entity_code="US", **ids)
    world.add("account", "billing", "cus-2", account_number="AC-2", account_name="Two", claimed_crm_account_id="001-2")
    world.add("account", "erp", "78", account_number="AC-2", account_name="Two", claimed_crm_account_id="001-2")
    return world


def pay_again(world: World, amount: int, day: date) -> None:
    """A second payment of invoice 5, posted; billing states what is left as open, never less than nothing."""
    money = {"payment_source_id": "pi-6", "payment_amount": Decimal(amount), "currency": "USD", "payment_status": "succeeded"}
    world.add("payment_application", "billing", "inpay-6", invoice_source_id="in-5", **money)
    world.add("payment", "billing", "ch-6", payment_kind="payment", account_source_id="cus-1", paid_date=day, **money)
    settle(world, "PMT-6", amount, "inpay-6")


def test_money_of_the_invoiced_customer_within_what_is_open_is_right() -> None:
    assert with_second_customer().exceptions() == []


def test_a_payment_that_another_customer_made() -> None:
    world = with_second_customer()
    world.change("payment", "ch-5", account_source_id="cus-2")

    with world.run() as warehouse:
        found = warehouse.query("select control_id, subject_key, difference_amount, reason from recon.exception").rows()
    assert found == [
        ("SL03", "inpay-5", Decimal("-1100.0000"), "payment inpay-5 of Two is applied to INV-5 of One"),
    ]


def test_a_payment_that_the_ledger_holds_for_another_customer() -> None:
    world = with_second_customer()
    for number in (1, 2):
        for book in (1, 2):
            world.change("posting", f"PMT-5-{number}-{book}", account_source_id="78")

    assert world.exceptions() == [("SL03", "inpay-5", Decimal("-1100.0000"), "USD")]


def test_a_payment_of_a_customer_that_is_no_longer_there() -> None:
    world = with_second_customer()
    world.change("payment", "ch-5", account_source_id="cus-gone")

    assert world.exceptions() == [("SL03", "inpay-5", Decimal("-1100.0000"), "USD")]


def test_two_records_of_one_customer_are_one_customer() -> None:
    world = with_second_customer()
    world.change("account", "cus-2", claimed_crm_account_id="001-1", account_number="AC-1")
    world.change("account", "001-2", claimed_billing_account_id=None)
    world.change("payment", "ch-5", account_source_id="cus-2")

    assert "SL03" not in {control for control, *_ in world.exceptions()}


def test_a_payment_above_what_was_open() -> None:
    world = posted()
    pay_again(world, 200, date(2026, 5, 25))
    world.change("invoice", "in-5", open_amount=Decimal(0), paid_amount=Decimal(1300), document_status="paid")

    assert world.exceptions() == [HALF]


def test_the_latest_payment_is_to_blame_whatever_the_order_of_ids() -> None:
    """1,200.00 came first, then 1,100.00 when nothing was open any more; the 100.00 given back heal the first."""
    world = posted()
    pay_again(world, 1200, date(2026, 5, 10))
    world.change("invoice", "in-5", open_amount=Decimal(0), paid_amount=Decimal(2300), document_status="paid")

    assert world.exceptions() == [("SL03", "inpay-5", Decimal("-1100.0000"), "USD")]
