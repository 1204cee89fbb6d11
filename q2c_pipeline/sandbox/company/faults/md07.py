"""MD07: an external id is missing or names another record, while Salesforce knows the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def md07_customer_without_account(ground: Ground) -> None:
    """The Stripe customer does not name its Salesforce account."""
    account = ground.claim_account(lambda one: bool(one["Billing_Account_Id__c"]))
    del ground.world.stripe["customer"][account["Billing_Account_Id__c"]]["metadata"]["salesforce_account_id"]
    ground.tell_without_money("MD07", f"{account['AccountNumber']}@billing")


def md07_ledger_names_another(ground: Ground) -> None:
    """The NetSuite customer names another Salesforce account."""
    account = ground.claim_account(lambda one: bool(one["ERP_Customer_Id__c"]))
    other = next(key for key, one in ground.world.salesforce["Account"].items() if _differs(one, account))
    ground.world.netsuite["customer"][account["ERP_Customer_Id__c"]]["externalid"] = other
    ground.tell_without_money("MD07", f"{account['AccountNumber']}@erp")


def md07_ids_lost_in_ledger(ground: Ground) -> None:
    """The ledger was migrated: numbers are new and ids are gone on both sides; name, address and tax id are what they were."""
    account = ground.claim_account(lambda one: bool(one["ERP_Customer_Id__c"]))
    customer = ground.world.netsuite["customer"][account["ERP_Customer_Id__c"]]
    customer.update(externalid=None, entityid=f"CUST-{customer['id']}")
    account["ERP_Customer_Id__c"] = None
    ground.tell_without_money("MD07", f"{account['AccountNumber']}@erp")


def md07_ids_lost_in_billing(ground: Ground) -> None:
    """Billing was moved to another account of the vendor: no ids on either side, and a bookkeeper's own mail address."""
    account = ground.claim_account(lambda one: bool(one["Billing_Account_Id__c"]))
    customer = ground.world.stripe["customer"][account["Billing_Account_Id__c"]]
    customer.update(email="bookkeeping@gmail.com", metadata={})
    account["Billing_Account_Id__c"] = None
    ground.tell_without_money("MD07", f"{account['AccountNumber']}@billing")


def _differs(one: Record, account: Record) -> bool:
    return bool(one["Id"] != account["Id"] and not one["ERP_Customer_Id__c"])


def md07_item_without_line(ground: Ground) -> None:
    """A subscription item does not name its order line."""
    root = ground.claim_root(ground.plain)
    ground.world.stripe["subscription_item"][root.item_id or ""]["metadata"] = {}
    ground.tell_without_money("MD07", f"{root.key}@billing")


def md07_item_names_another(ground: Ground) -> None:
    """A subscription item names the order line of somebody else."""
    root = ground.claim_root(ground.plain)
    other = next(one for one in ground.world.roots.values() if one.account_id != root.account_id and one.item_id)
    ground.world.stripe["subscription_item"][root.item_id or ""]["metadata"] = {
        "salesforce_order_item_id": other.order_item_id,
        "contract_line": root.key,
    }
    ground.tell_without_money("MD07", f"{root.key}@billing")
