"""MD01: a customer is missing in billing or in the ledger, before the first invoice makes it urgent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def md01_missing_in_ledger(ground: Ground) -> None:
    """An order that starts later is active, but nobody asked finance for a customer."""
    account = ground.claim_account(lambda one: _only_later(ground, one))
    del ground.world.netsuite["customer"][account["ERP_Customer_Id__c"]]
    account["ERP_Customer_Id__c"] = None
    ground.tell_without_money("MD01", f"{account['AccountNumber']}@erp")


def md01_missing_in_billing(ground: Ground) -> None:
    """An order that starts later is active, but billing has neither customer nor subscription."""
    world = ground.world
    account = ground.claim_account(lambda one: _only_later(ground, one))
    del world.stripe["customer"][account["Billing_Account_Id__c"]]
    account["Billing_Account_Id__c"] = None
    for order in _orders(ground, account):
        ground.used |= {order["Id"], *(root.key for root in world.roots_of[order["Id"]])}
        order.update(Billing_Subscription_Id__c=None, Billing_Status__c="Pending")
        for root in world.roots_of[order["Id"]]:
            world.stripe["subscription"].pop(root.subscription_id or "", None)
            world.stripe["subscription_item"].pop(root.item_id or "", None)
            world.salesforce["OrderItem"][root.order_item_id]["Billing_Subscription_Item_Id__c"] = None
    ground.tell_without_money("MD01", f"{account['AccountNumber']}@billing")


def _orders(ground: Ground, account: Record) -> list[Record]:
    orders = ground.world.salesforce["Order"].values()
    return [order for order in orders if order["AccountId"] == account["Id"]]


def _only_later(ground: Ground, account: Record) -> bool:
    orders = [order for order in _orders(ground, account) if order["Status"] == "Activated"]
    parents = {one["ParentId"] for one in ground.world.salesforce["Account"].values()}
    later = bool(orders) and all(order["EffectiveDate"] > ground.world.as_of for order in orders)
    return later and account["Id"] not in parents
