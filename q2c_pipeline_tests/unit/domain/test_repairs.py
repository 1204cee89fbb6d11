"""Values of repairs: what cannot be made, and that nothing is lost on the way to the store and back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from q2c_pipeline.domain.repairs import (
    PAYLOADS,
    Action,
    DraftInvoice,
    DraftJournal,
    FieldChange,
    JournalLine,
    Outcome,
    Payload,
    PendingItem,
    Remove,
    ReverseJournal,
    SetFields,
    Target,
    Task,
    Verdict,
    from_json,
    to_json,
)

ITEM = PendingItem(
    "cus_1", None, "EUR", Decimal("1000.50"), "March", date(2026, 3, 1), date(2026, 3, 31), {"contract_line": "ORD-1/1"}
)
LINES = (
    JournalLine("1100", Decimal("119.00"), Decimal(0), "receivable"),
    JournalLine("4000", Decimal(0), Decimal("100.00")),
    JournalLine("2100", Decimal(0), Decimal("19.00")),
)
JOURNAL = DraftJournal("DE", "3", "EUR", date(2026, 3, 31), "missing invoice", "INV-DE-1", LINES)
EVERY: dict[Action, Payload] = {
    Action.SET_FIELDS: SetFields((FieldChange("metadata.salesforce_account_id", None, "001A"),)),
    Action.NOTE: SetFields((FieldChange("Reconciliation_Note__c", "", "BB04 price drift of 120.00 EUR"),)),
    Action.DRAFT_JOURNAL: JOURNAL,
    Action.PENDING_ITEM: ITEM,
    Action.DRAFT_INVOICE: DraftInvoice("cus_1", "EUR", (ITEM,), {"legal_entity": "DE"}),
    Action.REMOVE: Remove("journalEntry", "77"),
    Action.REVERSE_JOURNAL: ReverseJournal("77", date(2026, 4, 1)),
    Action.TASK: Task("tax", "Look", "why"),
}


@pytest.mark.parametrize("action", list(Action))
def test_every_payload_comes_back_as_it_was(action: Action) -> None:
    payload = EVERY[action]
    assert from_json(PAYLOADS[action], to_json(payload)) == payload


def test_targets_and_outcomes_come_back_as_they_were() -> None:
    target = Target("sf_main", "Order", "801", "ORD-1", None)
    outcome = Outcome("c1", Verdict.FAILED, None, None, "busy", 1.5, "req_1")
    assert from_json(Target, to_json(target)) == target
    assert from_json(Outcome, to_json(outcome)) == outcome


def test_decimals_keep_their_digits_as_text() -> None:
    assert '"amount":"1000.50"' in to_json(ITEM)


def test_a_journal_that_does_not_balance_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="balance"):
        DraftJournal("DE", "3", "EUR", date(2026, 3, 31), "m", None, LINES[:2])


def test_a_journal_line_has_one_side_only() -> None:
    both = JournalLine("1100", Decimal(5), Decimal(5))
    with pytest.raises(ValueError, match="one positive side"):
        DraftJournal("DE", "3", "EUR", date(2026, 3, 31), "m", None, (both,))


def test_a_field_that_is_right_already_cannot_be_set() -> None:
    with pytest.raises(ValueError, match="right already"):
        SetFields((FieldChange("Status", "a", "a"),))


def test_a_field_is_named_once() -> None:
    with pytest.raises(ValueError, match="once"):
        SetFields((FieldChange("Status", "a", "b"), FieldChange("Status", "a", "c")))
