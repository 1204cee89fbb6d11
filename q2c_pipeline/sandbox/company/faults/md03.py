"""MD03: a field of a customer differs from its owner's value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.customers import TERMS
from q2c_pipeline.sandbox.company.world import change

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def md03_terms_promised_by_sales(ground: Ground) -> None:
    """Sales wrote other terms into Salesforce; terms are finance's to give."""
    account = ground.claim_account(_in_ledger)
    other = next(terms for terms in TERMS if terms != account["Payment_Terms__c"])
    change(account, account["SystemModstamp"], Payment_Terms__c=other)
    ground.tell_without_money("MD03", f"{account['AccountNumber']}@crm/payment_terms")


def md03_name_never_updated(ground: Ground) -> None:
    """The customer was renamed in Salesforce; billing and ledger still send letters to the old name."""
    account = ground.claim_account(_in_ledger)
    change(account, account["SystemModstamp"], Name=f"{account['Name'].rpartition(' ')[0]} Group")
    for role in ("billing", "erp"):
        ground.tell_without_money("MD03", f"{account['AccountNumber']}@{role}/account_name")


def md03_tax_id_digits_swapped(ground: Ground) -> None:
    """Two digits of the tax id are swapped in Salesforce: nobody notices by eye."""
    account = ground.claim_account(lambda one: _in_ledger(one) and one["Tax_Id__c"][-2] != one["Tax_Id__c"][-1])
    known = account["Tax_Id__c"]
    change(account, account["SystemModstamp"], Tax_Id__c=f"{known[:-2]}{known[-1]}{known[-2]}")
    ground.tell_without_money("MD03", f"{account['AccountNumber']}@crm/tax_id")


def _in_ledger(account: Record) -> bool:
    return bool(account["ERP_Customer_Id__c"] and account["Billing_Account_Id__c"])
