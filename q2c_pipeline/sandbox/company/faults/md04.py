"""MD04: a field was changed, since yesterday, by a system that may not change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.customers import TERMS
from q2c_pipeline.sandbox.company.dates import at
from q2c_pipeline.sandbox.company.world import change

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def md04_renamed_in_ledger(ground: Ground) -> None:
    """An accountant renamed a customer in the ledger; names are sales' to give."""
    account = ground.claim_account(_is_alone)
    key = account["ERP_Customer_Id__c"]
    ground.remember("netsuite", "customer", key)
    customer = ground.world.netsuite["customer"][key]
    customer.update(companyname=f"{customer['companyname']} (new)", lastmodifieddate=at(ground.world.as_of, 9))
    ground.tell_without_money("MD04", f"{account['AccountNumber']}@erp/account_name")


def md04_terms_changed_by_sales(ground: Ground) -> None:
    """Sales promised other terms on the last day and wrote them over the ones that finance had given."""
    account = ground.claim_account(_is_alone)
    ground.remember("salesforce", "Account", account["Id"])
    other = next(terms for terms in TERMS if terms != account["Payment_Terms__c"])
    change(account, at(ground.world.as_of, 9), Payment_Terms__c=other)
    ground.tell_without_money("MD04", f"{account['AccountNumber']}@crm/payment_terms")


def _is_alone(account: Record) -> bool:
    """Tell whether a customer is known to all systems."""
    return bool(account["ERP_Customer_Id__c"] and account["Billing_Account_Id__c"])
