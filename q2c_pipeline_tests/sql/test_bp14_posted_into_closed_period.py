"""BP14: entered in a period after its close."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from q2c_pipeline_tests.sql.world import World, consistent

CLOSED = datetime(2026, 6, 9, 18, tzinfo=UTC)
LATE = datetime(2026, 6, 9, 18, 0, 1, tzinfo=UTC)
INVOICE_4 = ("BP14", "INV-4", Decimal("-1100.0000"), "USD")


def entered(moment: datetime | None, *, state: str = "closed", closed: datetime | None = CLOSED) -> World:
    """April is closed; invoice 4, of April, was entered in the ledger at that moment."""
    world = consistent().post_all()
    world.change("accounting_period", "2026-04", period_state=state, closed_at=closed)
    for number in (1, 2, 3):
        for book in (1, 2):
            world.change("posting", f"tr-in-4-{number}-{book}", created_at=moment)
    return world


def test_an_invoice_entered_after_the_close() -> None:
    assert entered(LATE).exceptions() == [INVOICE_4]


def test_entered_before_or_at_the_close_is_right() -> None:
    assert entered(datetime(2026, 4, 1, 20, tzinfo=UTC)).exceptions() == []
    assert entered(CLOSED).exceptions() == []


def test_a_period_that_was_opened_again_takes_postings() -> None:
    assert entered(LATE, state="open", closed=None).exceptions() == []


def test_a_system_that_does_not_say_when_is_not_judged() -> None:
    assert entered(None).exceptions() == []
    assert entered(LATE, closed=None).exceptions() == []


def test_a_document_of_another_month_is_a_cut_off_error_and_only_that() -> None:
    world = entered(LATE)
    for number in (1, 2, 3):
        world.change("posting", f"tr-in-5-{number}-1", accounting_period_source_id="2026-04", created_at=LATE)

    assert world.exceptions() == [("BP07", "INV-5", Decimal("1100.0000"), "USD"), INVOICE_4]


def test_money_received_is_named_by_its_transaction() -> None:
    world = entered(None)
    world.journal(
        "tr-p",
        {"1000": Decimal(200), "1100": Decimal(-200)},
        transaction_kind="payment",
        transaction_number="PMT-1",
        claimed_document_number="INV-4",
        posting_date=date(2026, 4, 30),
        created_at=LATE,
        currency="USD",
    )

    # billing knows of no such payment, which is SL01's to say
    assert [one for one in world.exceptions() if one[0] != "SL01"] == [("BP14", "PMT-1", Decimal("200.0000"), "USD")]


def test_accounts_that_nothing_controls_are_free() -> None:
    world = entered(None)
    world.journal(
        "tr-r",
        {"6000": Decimal(200), "1000": Decimal(-200)},
        transaction_kind="journal",
        transaction_number="JE-1",
        posting_date=date(2026, 4, 30),
        created_at=LATE,
        currency="USD",
    )

    assert world.exceptions() == []
