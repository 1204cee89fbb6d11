"""A correction to what the target does not own cannot be made, whoever makes it."""

from __future__ import annotations

import pytest

from q2c_pipeline.corrections.proposal import Proposal
from q2c_pipeline.domain.repairs import Action, FieldChange, PendingItem, SetFields, Target
from q2c_pipeline.errors import OwnershipError
from q2c_pipeline_tests.unit.corrections.making import DAY, OWNERSHIP, cause, journal, set_status


def _proposal(instance: str, object_name: str, field: str) -> Proposal:
    change = SetFields((FieldChange(field, "a", "b"),))
    return Proposal(cause(), 1, Target(instance, object_name, "1", "k", "v"), Action.SET_FIELDS, change, OWNERSHIP)


@pytest.mark.parametrize(
    ("instance", "object_name", "field"),
    [
        ("sf_main", "Order", "TotalAmount"),
        ("sf_main", "Account", "Billing_Status__c"),
        ("stripe_main", "Order", "Billing_Status__c"),
        ("unknown", "Order", "Billing_Status__c"),
    ],
)
def test_a_field_that_is_not_given_to_the_system_cannot_be_proposed(instance: str, object_name: str, field: str) -> None:
    with pytest.raises(OwnershipError, match=r"policy\.writable"):
        _proposal(instance, object_name, field)


def test_a_field_that_is_given_can_be_proposed() -> None:
    assert set_status().payload == SetFields((FieldChange("Billing_Status__c", "Active", "Canceled"),))


def test_a_journal_is_for_the_ledger_only() -> None:
    good = journal()
    with pytest.raises(OwnershipError, match="erp only"):
        Proposal(cause(), 1, Target("stripe_main", "journalEntry", None, "k"), Action.DRAFT_JOURNAL, good.payload, OWNERSHIP)


def test_an_invoice_item_is_for_billing_only() -> None:
    item = PendingItem("cus_1", None, "EUR", journal().cause.difference_amount, "d", DAY, DAY)
    with pytest.raises(OwnershipError, match="billing only"):
        Proposal(cause(), 1, Target("netsuite_main", "invoiceitem", None, "k"), Action.PENDING_ITEM, item, OWNERSHIP)


def test_an_id_is_made_of_the_evidence_and_nothing_else() -> None:
    assert set_status().base_id == set_status(reason="other words").base_id
    assert len({set_status().base_id, set_status(after="Paused").base_id, set_status(version="v2").base_id}) == 3
