"""SL04 and the roll-forward of deferred revenue: what documents and releases do not explain."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.releases import QUARTER, deferred, release, released
from q2c_pipeline_tests.sql.world import World

JUNE, JULY, AUGUST = QUARTER
ROLL = """
    select period, opening_amount, billed_amount, recognised_amount, other_amount, closing_amount, difference_amount
    from recon.deferred_rollforward order by period
"""
BRIDGE = """
    select period, cause, left_amount, right_amount, cause_amount from recon.bridge
    where leg = 'SL' and measure = 'deferred_revenue' and cause not in ('timing', 'unexplained') order by period
"""


def from_accrual(world: World) -> World:
    """July's release takes the money from account 6000 instead of 2400."""
    for book in (1, 2):
        world.change("posting", f"REL-US-2026-07-1-{book}", ledger_account_source_id="6000")
    return world


def money(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.0001"))


def test_deferred_revenue_that_is_released_rolls_forward() -> None:
    world = released()

    assert world.exceptions() == []
    with world.run("recon.deferred_rollforward") as warehouse:
        rows = warehouse.query(ROLL).rows()
    zero = money("0")
    assert rows == [
        (JUNE, zero, money("3000"), money("1023.53"), zero, money("1976.47"), zero),
        (JULY, money("1976.47"), zero, money("1094.12"), zero, money("882.35"), zero),
        (AUGUST, money("882.35"), zero, money("882.35"), zero, zero, zero),
    ]


def test_a_release_that_takes_the_money_from_another_account() -> None:
    world = from_accrual(released())

    with world.run("recon.exception", "recon.bridge", "recon.deferred_rollforward") as warehouse:
        found = warehouse.query("select control_id, subject_key, difference_amount, reason from recon.exception").rows()
        bridge = warehouse.query(BRIDGE).rows()
        rolled = warehouse.query(ROLL).rows()
    assert found == [
        (
            "SL04",
            "ORD-00002/1",
            money("1094.12"),
            "ORD-00002/1 has 1094.1200 USD to release in 2026-07, deferred revenue went down by 0.0000 while revenue is right",
        )
    ]
    assert bridge == [(JULY, "SL04", money("1094.12"), money("0"), money("1094.12"))]
    assert [row[-2:] for row in rolled] == [(money("1976.47"), money("0")), (money("1094.12"), money("0"))]


def test_a_deposit_entered_as_deferred_revenue() -> None:
    world = released()
    world.journal(
        "DEP-1", {"1000": Decimal(500), "2400": Decimal(-500)}, transaction_kind="payment", transaction_number="DEP-1",
        posting_date=date(2026, 7, 9), currency="USD",
    )  # fmt: skip

    assert world.exceptions() == [("SL04", "DEP-1", money("500"), "USD")]


def test_what_other_controls_name_is_theirs_in_the_roll_forward_too() -> None:
    """July is not released (RR01), a journal by hand takes 70.00 (BP13), the document of October is not posted (BP01)."""
    world = deferred()
    for period in (JUNE, AUGUST):
        release(world, period, QUARTER[period], key="ORD-00002/1")
    world.journal(
        "JE-7", {"2400": Decimal(70), "4000": Decimal(-70)}, transaction_kind="journal", transaction_number="JE-7",
        posting_date=date(2026, 7, 9), currency="USD",
    )  # fmt: skip

    assert [control for control, *_ in world.exceptions()] == ["BP13", "RR01"]
    with world.run() as warehouse:
        causes = {(row[1], row[-1]) for row in warehouse.query(BRIDGE).rows()}
    assert causes == {("RR01", money("1094.12")), ("BP13", money("-70"))}


def test_a_payment_wrong_on_both_accounts_is_one_break() -> None:
    world = released()
    money_of = {"payment_source_id": "pi-5", "payment_amount": Decimal(1100), "currency": "USD", "payment_status": "succeeded"}
    world.add("payment_application", "billing", "inpay-5", invoice_source_id="in-5", **money_of)
    world.add("payment", "billing", "ch-5", payment_kind="payment", paid_date=date(2026, 5, 20), **money_of)
    world.journal(
        "PMT-5", {"1000": Decimal(1100), "1100": Decimal(-1000), "2400": Decimal(-100)}, transaction_kind="payment",
        transaction_number="PMT-5", posting_date=date(2026, 5, 20), currency="USD", claimed_document_id="inpay-5",
        claimed_document_number="INV-5",
    )  # fmt: skip

    assert world.exceptions() == [("SL01", "inpay-5", money("-100"), "USD")]
