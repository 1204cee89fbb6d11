"""Accounts and their twins in billing and in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import CURRENCIES, ENTITIES
from q2c_pipeline.sandbox.company.registers import address, site, tax_number
from q2c_pipeline.sandbox.company.world import World, change, salesforce_record

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.systems import Record

ENTITY_PATTERN = ("US", "UK", "DE", "US", "JP", "UK", "US", "DE", "US", "UK")
TERMS = {"NET15": 15, "NET30": 30, "NET45": 45}
_FIRST = ("Northwind", "Alder", "Quarry", "Sable", "Helix", "Bright", "Cobalt", "Meridian", "Fjord", "Juniper", "Opal")
_SECOND = ("Logistics", "Foods", "Dental", "Robotics", "Media", "Textiles", "Energy", "Travel", "Optics", "Printing")
_FORM = {"US": "Inc.", "UK": "Ltd", "DE": "GmbH", "JP": "KK"}


@dataclass(frozen=True)
class Customer:
    """What the company knows of a customer when it sells."""

    account_id: str
    number: str
    name: str
    entity: str
    currency: str
    terms: str


def open_account(world: World, index: int, day: date) -> Customer:
    """Create the Salesforce account of customer `index`."""
    entity = ENTITY_PATTERN[index % len(ENTITY_PATTERN)]
    in_euro = entity == "UK" and index % 30 == 5
    currency = "EUR" if in_euro else ENTITIES[entity].currency
    number = f"AC-{index + 1:05d}"
    name = f"{_FIRST[index % 11]} {_SECOND[index // 11 % 10]} {index // 110 + 1} {_FORM[entity]}"
    terms = tuple(TERMS)[index % 3]
    street, postal_code, city = address(entity, index)
    identifier = world.ids.salesforce("001")
    world.salesforce["Account"][identifier] = salesforce_record(
        identifier,
        world.moment(day, 9),
        Name=name,
        AccountNumber=number,
        ParentId=_parent(world, index, entity),
        Type="Prospect",
        BillingStreet=street,
        BillingPostalCode=postal_code,
        BillingCity=city,
        BillingCountry=ENTITIES[entity].country,
        Website=f"https://www.{site(number)}",
        CurrencyIsoCode=currency,
        MasterRecordId=None,
        Tax_Id__c=tax_number(entity, index),
        Payment_Terms__c=terms,
        Legal_Entity__c=entity,
        Billing_Account_Id__c=None,
        ERP_Customer_Id__c=None,
    )
    return Customer(identifier, number, name, entity, currency, terms)


def _parent(world: World, index: int, entity: str) -> str | None:
    if index % 10 not in {3, 9}:
        return None
    same = [a["Id"] for a in world.salesforce["Account"].values() if a["Legal_Entity__c"] == entity]
    return same[index // 20 % len(same)] if same else None


def ensure_customer(world: World, customer: Customer, day: date) -> None:
    """Create the Stripe and NetSuite records of a customer at the first activated order."""
    account = world.salesforce["Account"][customer.account_id]
    if account["Billing_Account_Id__c"]:
        return
    stripe_id = _stripe_customer(world, customer, day)
    internal_id = _ledger_customer(world, customer, account, day)
    change(
        account,
        world.moment(day, 11),
        Type="Customer",
        Billing_Account_Id__c=stripe_id,
        ERP_Customer_Id__c=str(internal_id),
    )


def _stripe_customer(world: World, customer: Customer, day: date) -> str:
    identifier = world.ids.stripe("cus")
    world.customer_account[identifier] = customer.account_id
    account = world.salesforce["Account"][customer.account_id]
    world.stripe["customer"][identifier] = {
        "id": identifier,
        "name": customer.name,
        "email": f"billing@{site(customer.number)}",
        "currency": customer.currency.lower(),
        "created": world.moment(day, 11),
        "address": {
            "line1": account["BillingStreet"],
            "postal_code": account["BillingPostalCode"],
            "city": account["BillingCity"],
            "country": ENTITIES[customer.entity].country,
        },
        "metadata": {"salesforce_account_id": customer.account_id, "account_number": customer.number},
    }
    return identifier


def _ledger_customer(world: World, customer: Customer, account: Record, day: date) -> int:
    number = world.ids.number("ns_customer", 2001)
    parent = world.salesforce["Account"].get(account["ParentId"] or "", {}).get("ERP_Customer_Id__c")
    world.netsuite["customer"][str(number)] = {
        "id": number,
        "entityid": customer.number,
        "companyname": customer.name,
        "externalid": customer.account_id,
        "currency": CURRENCIES[customer.currency],
        "terms": customer.terms,
        "parent": int(parent) if parent else None,
        "vatregnumber": account["Tax_Id__c"],
        "url": f"http://{site(customer.number)}/",
        "defaultbillingaddress": f"{account['BillingStreet']}\n{account['BillingPostalCode']} {account['BillingCity']}",
        "isinactive": False,
        "creditholdoverride": "AUTO",
        "subsidiary": ENTITIES[customer.entity].number,
        "lastmodifieddate": world.moment(day, 11),
    }
    return number
