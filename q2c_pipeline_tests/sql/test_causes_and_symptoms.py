"""Several faults on one document or line: which is the cause, and which are its symptoms.

The rule: every differing cell has one cause, the claim of the lowest priority, ties by control id; others are its symptoms. What
another leg shows of the same break is carried there under its cause and is no second exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.releases import QUARTER, deferred, release, released
from q2c_pipeline_tests.sql.world import World, consistent, found_in, month_end

JUNE, JULY, AUGUST = QUARTER
Found = tuple[str, str, Decimal]


@dataclass(frozen=True)
class Outcome:
    """Exceptions, pairs of symptom and cause, and the causes in the bridges of each leg."""

    exceptions: list[Found]
    symptoms: set[tuple[str, str]]
    legs: dict[str, set[str]]


def outcome(world: World) -> Outcome:
    """What a night makes of it; nothing may stay unexplained and every bridge must add up."""
    with world.run("recon.exception", "recon.bridge", "recon.symptom") as warehouse:
        exceptions = [row[:3] for row in found_in(warehouse)]
        symptoms = set(warehouse.query("select control_id, cause_control_id from recon.symptom").rows())
        rows = warehouse.query("select leg, cause from recon.bridge where cause_amount <> 0").rows()
    legs: dict[str, set[str]] = {}
    for leg, cause in rows:
        legs.setdefault(leg, set()).add(cause)
    return Outcome(exceptions, symptoms, legs)


def money(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.0001"))


def test_a_void_invoice_posted_twice_is_first_of_all_void() -> None:
    world = consistent().post_all()
    world.change("invoice", "in-5", document_status="void")
    world.bill("5b", date(2026, 5, 1), date(2026, 5, 31))
    world.post("in-5b")
    world.post("in-5", transaction="tr-again")

    found = outcome(world)
    assert found.exceptions == [("BP11", "INV-5", money("-2200"))]
    assert found.legs == {"BP": {"BP11"}, "SL": {"BP11"}}


def test_an_unbalanced_second_posting_in_another_month() -> None:
    """Posted twice, the second time in the next month and 7.00 off: the journal and the document are both named, once each."""
    world = consistent().post_all()
    world.post("in-5", transaction="tr-again", posting_date=date(2026, 6, 3), accounting_period_source_id="2026-06",
               transaction_number="INV-5-R")  # fmt: skip
    world.change("posting", "tr-again-3-1", transaction_amount=Decimal(-993))

    found = outcome(world)
    assert {row[:2] for row in found.exceptions} == {("BP03", "INV-5"), ("BP12", "INV-5-R")}
    assert found.legs["SL"] == {"BP03"}


def test_a_wrong_price_and_a_missing_period_and_posting_on_one_line() -> None:
    """March is billed at 950.00, April not at all, May is not posted: three causes, each in its own leg and cells."""
    world = consistent()
    world.reprice("3", 950, unit_price=Decimal(95))
    world.unbill("4")
    world.post_all()
    for number in (1, 2, 3):
        for book in (1, 2):
            world.remove("posting", f"tr-in-5-{number}-{book}")

    found = outcome(world)
    assert found.exceptions == [
        ("BB04", "ORD-00001/1", money("50")),
        ("BB06", "ORD-00001/1", money("1000")),
        ("BP01", "INV-5", money("1100")),
    ]
    assert found.legs == {"BB": {"BB04", "BB06"}, "BP": {"BP01"}, "SL": {"BP01"}}


def test_a_deferred_invoice_that_was_never_posted_is_not_missed_again_where_it_would_be_released() -> None:
    """The quarter's invoice is not posted and none of it released: one break, seen from receivables and deferred revenue too."""
    world = deferred()
    for number in (1, 2, 3):
        for book in (1, 2):
            world.remove("posting", f"tr-in-q-{number}-{book}")

    found = outcome(world)
    assert found.exceptions == [("BP01", "INV-q", money("3300"))]
    assert found.legs == {"BP": {"BP01"}, "SL": {"BP01"}}


def test_a_cancelled_line_that_is_released_beyond_its_deferral() -> None:
    """Recognised on a cancelled contract is the cause; a negative balance and a schedule that differs are not named beside it."""
    world = released()
    world.order(3, start_date=date(2026, 1, 1), unit_price=Decimal(0))
    world.order(4, amends=3, start_date=date(2026, 5, 10), quantity=Decimal(-10), unit_price=Decimal(0))
    release(world, JULY, "70.00", key="ORD-00003/1", name="REL-US-X")

    found = outcome(world)
    assert [row for row in found.exceptions if row[0].startswith("RR")] == [("RR02", "ORD-00003/1", money("-70"))]
    assert found.legs["RR"] == {"RR02"}


def test_a_month_left_out_and_a_month_released_from_the_wrong_account_on_one_line() -> None:
    world = deferred()
    for period in (JULY, AUGUST):
        release(world, period, QUARTER[period], key="ORD-00002/1")
    for book in (1, 2):
        world.change("posting", f"REL-US-2026-08-1-{book}", ledger_account_source_id="6000")

    found = outcome(world)
    assert found.exceptions == [("RR01", "ORD-00002/1", QUARTER[JUNE]), ("SL04", "ORD-00002/1", QUARTER[AUGUST])]
    assert found.legs == {"RR": {"RR01"}, "SL": {"RR01", "SL04"}}


def test_a_line_released_twice_too_often_has_its_schedule_as_symptom() -> None:
    world = released()
    release(world, AUGUST, "50.00", key="ORD-00002/1", name="REL-US-X")
    release(world, JULY, "20.00", key="ORD-00002/1", name="REL-US-Y")

    found = outcome(world)
    assert found.exceptions == [("RR03", "ORD-00002/1", money("-70"))]
    assert found.symptoms == {("RR01", "RR03")}


def test_a_payment_of_somebody_else_that_was_posted_twice_is_two_breaks() -> None:
    """Whose money it was and how often it was posted are different questions with different repairs."""
    world = consistent().post_all()
    world.add("account", "billing", "cus-2", account_number="AC-2", account_name="Two")
    settled = {"payment_source_id": "pi-5", "payment_amount": Decimal(1100), "currency": "USD", "payment_status": "succeeded"}
    world.add("payment_application", "billing", "inpay-5", invoice_source_id="in-5", **settled)
    world.add(
        "payment", "billing", "ch-5", payment_kind="payment", account_source_id="cus-2", paid_date=month_end(JUNE), **settled
    )
    for number in (1, 2):
        world.journal(
            f"PMT-{number}", {"1000": Decimal(1100), "1100": Decimal(-1100)}, transaction_kind="payment",
            transaction_number=f"PMT-{number}", posting_date=month_end(JUNE), currency="USD", claimed_document_number="INV-5",
            claimed_document_id="inpay-5" if number == 1 else None,
        )  # fmt: skip

    found = outcome(world)
    assert found.exceptions == [("SL02", "inpay-5", money("-1100")), ("SL03", "inpay-5", money("-1100"))]
    assert found.legs == {"SL": {"SL02"}}
