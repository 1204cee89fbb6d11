"""DQ03: a vendor's schema changed without notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def dq03_charge_status_frozen(ground: Ground) -> None:
    """Stripe shows a charge status that nobody has seen before."""
    key = ground.pick("charge", ground.unrefunded_charges())
    ground.used.add(key)
    ground.misbehave("stripe", "unknown_enum", "charge", id=key, field="status", value="frozen")
    ground.tell_without_money("DQ03", "stripe_main.charge.status")


def dq03_account_region_added(ground: Ground) -> None:
    """Salesforce administrators added a column to the account."""
    ground.misbehave("salesforce", "new_column", "Account", field="Region_Code__c", value="EMEA-2")
    ground.tell_without_money("DQ03", "sf_main.Account.Region_Code__c")
