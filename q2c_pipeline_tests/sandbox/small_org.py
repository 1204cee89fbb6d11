"""A hand-made company of a few accounts and orders, and a way to let https clients reach a loopback look-alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

from q2c_pipeline.sandbox.systems import Record, Systems, Tables

AS_OF = date(2026, 3, 31)
START = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
TIERS = '[{"up_to":"1000","unit_price":"0"},{"up_to":null,"unit_price":"0.02"}]'


def salesforce_id(prefix: str, number: int) -> str:
    return f"{prefix}{number:012d}AAA"


def _stamped(prefix: str, number: int, **values: Any) -> Record:
    stamp = START + timedelta(hours=number)
    system = {"Id": salesforce_id(prefix, number), "IsDeleted": False, "CreatedDate": stamp}
    return system | {"LastModifiedDate": stamp, "SystemModstamp": stamp} | values


def _table(records: list[Record]) -> dict[str, Record]:
    return {record["Id"]: record for record in records}


def _account(n: int) -> Record:
    return _stamped(
        "001", n, Name=f"Müller & Söhne {n}", AccountNumber=f"AC-{n:05d}", Type="Customer", BillingCountry="DE",
        CurrencyIsoCode="EUR", Tax_Id__c=f"DE{n:09d}", Payment_Terms__c="NET30", Legal_Entity__c="DE",
        ParentId=None, MasterRecordId=None, Billing_Account_Id__c=f"cus_{n}", ERP_Customer_Id__c=str(1000 + n),
    )  # fmt: skip


def _order(n: int) -> Record:
    return _stamped(
        "801", n, OrderNumber=f"ORD-{n:05d}", AccountId=salesforce_id("001", n), OpportunityId=salesforce_id("006", n),
        Status="Activated", StatusCode="Activated", EffectiveDate=date(2026, 1, 1), EndDate=date(2026, 12, 31),
        ActivatedDate=START, TotalAmount=Decimal("1200.10"), CurrencyIsoCode="EUR", OriginalOrderId=None,
        IsReductionOrder=False, Legal_Entity__c="DE", Amendment_Kind__c=None, Billing_Status__c="Active",
        Billing_Subscription_Id__c=f"sub_{n}",
    )  # fmt: skip


def _order_item(n: int) -> Record:
    return _stamped(
        "802", n, OrderId=salesforce_id("801", n), OrderItemNumber="1", Product2Id=salesforce_id("01t", 1),
        PricebookEntryId=salesforce_id("01u", 1), Quantity=Decimal(10), UnitPrice=Decimal("10.0000001"),
        ListPrice=Decimal("10.0000001"), TotalPrice=Decimal("1200.10"), ServiceDate=date(2026, 1, 1),
        EndDate=date(2026, 12, 31), OriginalOrderItemId=None, Discount_Percent__c=Decimal("12.5"),
        Billing_Frequency__c="Monthly", Billing_Timing__c="Advance", Billing_Anchor__c="Start",
        Price_Period__c="Month", Charge_Type__c="Recurring", Ramp_Segment__c=None, Usage_Tiers__c=None,
        Billing_Subscription_Item_Id__c=f"si_{n}",
    )  # fmt: skip


def _usage_item(n: int) -> Record:
    usage = {"Charge_Type__c": "Usage", "Price_Period__c": "Unit", "Billing_Timing__c": "Arrears"}
    return _order_item(n) | usage | {"Usage_Tiers__c": TIERS, "OrderItemNumber": "2", "UnitPrice": Decimal(0)}


def _opportunity(n: int) -> Record:
    return _stamped(
        "006", n, AccountId=salesforce_id("001", n), Name=f"Deal {n}", StageName="Closed Won", IsClosed=True,
        IsWon=True, Amount=Decimal("1200.10"), CloseDate=date(2025, 12, 20), Type="New Business",
        CurrencyIsoCode="EUR", Opportunity_Number__c=f"OPP-{n:05d}",
    )  # fmt: skip


def salesforce_tables(accounts: int) -> Tables:
    numbers = range(1, accounts + 1)
    product = _stamped("01t", 1, ProductCode="PLAT", Name="Platform", IsActive=True, Family="SaaS", Revenue_Class__c="Ratable")
    entry = _stamped(
        "01u", 1, Pricebook2Id=salesforce_id("01s", 1), Product2Id=product["Id"], UnitPrice=Decimal("10.0000001"),
        IsActive=True, CurrencyIsoCode="EUR",
    )  # fmt: skip
    usage = _usage_item(accounts + 1) | {"OrderId": salesforce_id("801", 1)}
    return {
        "Account": _table([_account(n) for n in numbers]),
        "Product2": _table([product]),
        "Pricebook2": _table([_stamped("01s", 1, Name="Standard", IsActive=True)]),
        "PricebookEntry": _table([entry]),
        "Opportunity": _table([_opportunity(n) for n in numbers]),
        "OpportunityLineItem": {},
        "Order": _table([_order(n) for n in numbers]),
        "OrderItem": _table([*(_order_item(n) for n in numbers), usage]),
    }


def small_systems(accounts: int = 7) -> Systems:
    return Systems(as_of=AS_OF, salesforce=salesforce_tables(accounts), stripe={}, netsuite={})


class ToLoopback(HTTPAdapter):
    """Sends what a client addresses to any https host to the look-alike in clear text."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._netloc = urlsplit(url).netloc

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        asked = urlsplit(str(request.url))
        request.url = urlunsplit(("http", self._netloc, asked.path, asked.query, ""))
        return super().send(request, **kwargs | {"timeout": 120})


def loopback_session(url: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", ToLoopback(url))
    return session
