"""SL01: the open items of billing against the receivable account of the ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.test_sl02_payment_not_posted import posted, settle
from q2c_pipeline_tests.sql.world import World

BRIDGE = """
    select cause, left_amount, right_amount, cause_amount from recon.bridge
    where leg = 'SL' and (cause_amount <> 0 or cause = 'timing') order by cause
"""


def rebook(world: World, **values: object) -> None:
    """Change both lines of the payment's posting, in both books."""
    for number in (1, 2):
        for book in (1, 2):
            world.change("posting", f"PMT-5-{number}-{book}", **values)


def test_open_items_and_the_control_account_agree() -> None:
    with posted().run() as warehouse:
        rows = warehouse.query(BRIDGE).rows()
    assert rows == [("timing", Decimal("10000.0000"), Decimal("10000.0000"), Decimal("0.0000"))]


def test_a_payment_posted_with_another_amount() -> None:
    world = posted()
    for number, amount in ((1, 1001), (2, -1001)):
        for book in (1, 2):
            world.change("posting", f"PMT-5-{number}-{book}", transaction_amount=Decimal(amount))

    with world.run() as warehouse:
        found = warehouse.query("select control_id, subject_key, difference_amount, reason from recon.exception").rows()
    assert found == [
        (
            "SL01",
            "inpay-5",
            Decimal("-99.0000"),
            "payment inpay-5 for INV-5 moves -1100.00 USD in the open items of US, -1001.00 USD in its ledger",
        )
    ]


def test_a_payment_that_billing_does_not_know() -> None:
    world = posted()
    settle(world, "PMT-9", 50, "somewhere-else")

    assert world.exceptions() == [("SL01", "PMT-9", Decimal("50.0000"), "USD")]


def test_a_payment_in_the_books_of_a_sister_company_counts_once() -> None:
    world = posted()
    rebook(world, subsidiary_source_id="2")

    with world.run() as warehouse:
        found = warehouse.query("select control_id, subject_key, difference_amount, cell_count from recon.exception").rows()
        bridge = warehouse.query("select cause_amount from recon.bridge where leg = 'SL' and cause = 'SL01' order by all").rows()
    assert found == [("SL01", "inpay-5", Decimal("-1100.0000"), 2)]
    assert bridge == [(Decimal("-1100.0000"),), (Decimal("1100.0000"),)]


def test_an_open_amount_that_payments_and_credits_do_not_explain() -> None:
    world = posted()
    world.change("invoice", "in-6", open_amount=Decimal(1080))

    assert world.exceptions() == [("SL01", "INV-6", Decimal("-20.0000"), "USD")]


def test_an_unposted_invoice_is_named_once_and_carries_its_cause_into_the_bridge() -> None:
    world = posted()
    for number in (1, 2, 3):
        for book in (1, 2):
            world.remove("posting", f"tr-in-6-{number}-{book}")

    with world.run() as warehouse:
        found = warehouse.query("select control_id, subject_key, leg from recon.exception").rows()
        bridge = warehouse.query(BRIDGE).rows()
    assert found == [("BP01", "INV-6", "BP")]
    assert [(row[0], row[3]) for row in bridge] == [("BP01", Decimal("1100.0000")), ("timing", Decimal("0.0000"))]


def test_unposted_money_and_journals_by_hand_have_their_own_controls() -> None:
    world = posted()
    for number in (1, 2):
        for book in (1, 2):
            world.remove("posting", f"PMT-5-{number}-{book}")
    world.journal(
        "tr-m",
        {"6000": Decimal(30), "1100": Decimal(-30)},
        transaction_kind="journal",
        transaction_number="JE-1",
        posting_date=date(2026, 6, 30),
        currency="USD",
    )

    with world.run() as warehouse:
        found = warehouse.query("select control_id, subject_key from recon.exception order by all").rows()
        bridge = warehouse.query(BRIDGE).rows()
    assert found == [("BP13", "JE-1"), ("SL02", "inpay-5")]
    assert [row[0] for row in bridge] == ["BP13", "SL02", "timing"]
