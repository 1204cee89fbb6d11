"""DQ09: tiers that do not cover every quantity."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.signing import sign

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground

USAGE = {
    "Charge_Type__c": "Usage",
    "Billing_Frequency__c": "Monthly",
    "Billing_Timing__c": "Arrears",
    "Billing_Anchor__c": "Calendar",
    "Price_Period__c": "Unit",
    "Quantity": Decimal(1),
    "Discount_Percent__c": Decimal(0),
}


def dq09_last_tier_ends(ground: Ground) -> None:
    """Beyond the last tier there is no price."""
    _tiers(ground, '[{"up_to":"1000","unit_price":"0"},{"up_to":"5000","unit_price":"0.02"}]')


def dq09_only_tier_ends(ground: Ground) -> None:
    """A single tier that was meant as an allowance: nothing is said about what exceeds it."""
    _tiers(ground, '[{"up_to":"100","unit_price":"0.25"}]')


def _tiers(ground: Ground, tiers: str) -> None:
    ground.tell_without_money("DQ09", sign(ground, USAGE | {"Usage_Tiers__c": tiers})[0]["key"])
