"""MD02: one customer has two records in one system."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.registers import in_full, site

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def md02_created_twice_in_billing(ground: Ground) -> None:
    """Somebody created the Stripe customer again, with the same Salesforce account; nothing was billed to it yet."""
    account = ground.claim_account(lambda one: bool(one["Billing_Account_Id__c"]))
    customers = ground.world.stripe["customer"]
    identifier = ground.world.ids.stripe("cus")
    customers[identifier] = copy.deepcopy(customers[account["Billing_Account_Id__c"]]) | {"id": identifier}
    ground.tell_without_money("MD02", f"{account['AccountNumber']}@billing")


def md02_other_spelling_in_billing(ground: Ground) -> None:
    """Support created the Stripe customer again from a letterhead: the form spelled out, no number, no Salesforce id."""
    account = ground.claim_account(lambda one: bool(one["Billing_Account_Id__c"]))
    customers = ground.world.stripe["customer"]
    identifier, known = ground.world.ids.stripe("cus"), customers[account["Billing_Account_Id__c"]]
    facts = {
        "id": identifier,
        "name": in_full(known["name"]),
        "email": f"office@{site(account['AccountNumber'])}",
        "metadata": {},
    }
    customers[identifier] = copy.deepcopy(known) | facts
    ground.tell_without_money("MD02", f"{account['AccountNumber']}@billing")


def md02_same_tax_id_in_ledger(ground: Ground) -> None:
    """Finance entered a customer anew by hand: another number, another spelling, no Salesforce id, but the same tax id."""
    account = ground.claim_account(lambda one: bool(one["ERP_Customer_Id__c"]))
    customers = ground.world.netsuite["customer"]
    number = ground.world.ids.number("ns_customer", 2001)
    known = customers[account["ERP_Customer_Id__c"]]
    customers[str(number)] = known | {
        "id": number,
        "entityid": f"{known['entityid']}-B",
        "companyname": known["companyname"].upper(),
        "externalid": None,
        "parent": None,
    }
    ground.tell_without_money("MD02", f"{account['AccountNumber']}@erp")
