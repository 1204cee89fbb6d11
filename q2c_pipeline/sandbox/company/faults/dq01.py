"""DQ01: a system leaves a record out of its lists, although it counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import CURRENCIES
from q2c_pipeline.sandbox.company.dates import add_months

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def dq01_price_left_out(ground: Ground) -> None:
    """Salesforce leaves a price book entry of a product out that nobody buys any more."""
    products = ground.world.salesforce["Product2"]
    entries = ground.world.salesforce["PricebookEntry"]
    key = ground.pick("price", {k for k, e in entries.items() if not products[e["Product2Id"]]["IsActive"]} - ground.used)
    ground.used.add(key)
    ground.misbehave("salesforce", "omit_record", "PricebookEntry", id=key)
    ground.tell_without_money("DQ01", "sf_main.PricebookEntry")


def dq01_rate_left_out(ground: Ground) -> None:
    """NetSuite leaves out an old cross rate."""
    rates = ground.world.netsuite["currencyrate"]
    key = ground.pick("cross rate", {k for k, one in rates.items() if _is_old_cross(ground, one)} - ground.used)
    ground.used.add(key)
    ground.misbehave("netsuite", "omit_record", "currencyrate", id=key)
    ground.tell_without_money("DQ01", "netsuite_main.currencyrate")


def _is_old_cross(ground: Ground, one: Record) -> bool:
    dollar = CURRENCIES["USD"]
    old = one["effectivedate"] < add_months(ground.world.as_of, -1)
    return bool(old and dollar not in {one["basecurrency"], one["transactioncurrency"]})
