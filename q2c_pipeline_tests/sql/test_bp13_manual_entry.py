"""BP13: a manual entry on a controlled account."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from q2c_pipeline_tests.sql.world import Row, consistent

Found = list[tuple[str, str, Decimal, str | None]]


def with_journal(amounts: dict[str, int], **shared: object) -> Found:
    world = consistent().post_all()
    usual: Row = {
        "transaction_kind": "journal",
        "transaction_number": "JE-7",
        "posting_date": date(2026, 6, 30),
        "currency": "USD",
    }
    world.journal("tr-m", {number: Decimal(amount) for number, amount in amounts.items()}, **(usual | shared))
    return world.exceptions()


def test_a_write_off_is_worth_the_receivable_that_is_missing() -> None:
    assert with_journal({"6000": 500, "1100": -500}) == [("BP13", "JE-7", Decimal("500.0000"), "USD")]


def test_a_receivable_by_hand_counts_once_though_revenue_is_controlled_too() -> None:
    assert with_journal({"1100": 500, "4000": -500}) == [("BP13", "JE-7", Decimal("-500.0000"), "USD")]


def test_a_release_by_hand_is_worth_what_it_moves() -> None:
    assert with_journal({"2400": 30, "4000": -30}) == [("BP13", "JE-7", Decimal("-30.0000"), "USD")]


def test_other_accounts_are_free() -> None:
    assert with_journal({"6000": 70, "1000": -70}) == []


def test_a_release_is_no_manual_entry() -> None:
    found = with_journal({"2400": 30, "4000": -30}, transaction_kind="revenue_release")

    assert [row for row in found if row[0] == "BP13"] == []


def test_a_journal_that_names_a_document_is_judged_with_it() -> None:
    found = with_journal({"1100": 5, "4000": -5}, claimed_document_number="INV-6")
    assert [control for control, *_ in found] == ["BP03"]


def test_a_draft_journal_does_not_count() -> None:
    assert with_journal({"1100": 5, "4000": -5}, is_posted=False) == []
