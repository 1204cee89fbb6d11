from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from q2c_pipeline.sandbox.company import build
from q2c_pipeline_tests.sandbox.books import (
    MINOR,
    Reading,
    account_total,
    billed,
    documents,
    ledger_balances,
    net,
    receivables,
)

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.systems import Record, Systems

WORLDS = ((1, 25, 5, date(2026, 3, 31)), (2, 60, 8, date(2026, 2, 17)), (4, 40, 15, date(2026, 10, 31)))
STAMPS = {"CreatedDate", "LastModifiedDate", "SystemModstamp", "created", "createddate", "lastmodifieddate"}


@pytest.fixture(scope="module", params=WORLDS, ids=lambda world: f"{world[1]}x{world[2]}")
def company(request: pytest.FixtureRequest) -> Systems:
    seed, accounts, months, as_of = request.param
    return build(seed, accounts=accounts, months=months, as_of=as_of)


def every_record(systems: Systems) -> list[Record]:
    platforms = (systems.salesforce, systems.stripe, systems.netsuite)
    return [record for tables in platforms for table in tables.values() for record in table.values()]


def test_the_same_arguments_give_the_same_company() -> None:
    first, again = (build(7, accounts=25, months=5, as_of=date(2026, 1, 31)) for _ in range(2))
    assert first == again


def test_another_seed_gives_another_company() -> None:
    first, other = (build(seed, accounts=25, months=5, as_of=date(2026, 1, 31)) for seed in (1, 2))
    assert first.stripe["invoice"] != other.stripe["invoice"]


def test_everything_due_is_billed_to_the_minor_unit_and_nothing_else(company: Systems) -> None:
    expected = Reading(company).expected()
    assert billed(company) == expected
    assert len(expected) > 100


def test_every_transaction_balances_in_every_currency_and_book(company: Systems) -> None:
    assert [number for number, amount in ledger_balances(company).items() if amount] == []


def test_every_document_is_posted_once_in_its_own_entity(company: Systems) -> None:
    assert receivables(company) == documents(company)


def test_documents_are_posted_on_their_own_day(company: Systems) -> None:
    posted = {t["externalid"]: t for t in company.netsuite["transaction"].values() if t["type"] in {"CustInvc", "CustCred"}}
    for record in [*company.stripe["invoice"].values(), *company.stripe["credit_note"].values()]:
        if record["status"] != "draft":
            assert posted[record["id"]]["trandate"] == record["effective_at"].date()


def test_invoice_totals_are_their_lines_and_tax(company: Systems) -> None:
    lines: dict[str, list[Record]] = defaultdict(list)
    for line in company.stripe["invoice_line"].values():
        lines[line["invoice"]].append(line)
    for key, invoice in company.stripe["invoice"].items():
        tax = sum(entry["amount"] for line in lines[key] for entry in line["taxes"])
        assert invoice["total"] == sum(map(net, lines[key])) + tax
        assert invoice["amount_due"] == invoice["amount_paid"] + invoice["amount_remaining"]
        assert (invoice["status"] == "paid") == (invoice["amount_remaining"] == 0 and invoice["status"] != "void")


def test_the_receivable_account_holds_what_customers_still_owe(company: Systems) -> None:
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in company.stripe["invoice"].values():
        if invoice["status"] in {"open", "uncollectible"}:
            symbol = invoice["currency"].upper()
            owed[symbol] += Decimal(invoice["amount_remaining"]) / MINOR[symbol]
    assert account_total(company, "1100") == dict(owed)


def test_deferred_revenue_ends_where_the_services_do(company: Systems) -> None:
    """What is still deferred is at most what was billed for service after the last month-end."""
    later: dict[str, Decimal] = defaultdict(Decimal)
    for line in company.stripe["invoice_line"].values():
        invoice = company.stripe["invoice"][line["invoice"]]
        if line["period"]["end"].date() > company.as_of.replace(day=1) and invoice["status"] != "draft":
            later[line["currency"].upper()] += Decimal(net(line)) / MINOR[line["currency"].upper()]
    for symbol, balance in account_total(company, "2400").items():
        assert 0 <= -balance <= later[symbol]


def test_no_record_is_younger_than_the_last_day(company: Systems) -> None:
    stamps = {value for record in every_record(company) for name, value in record.items() if name in STAMPS}
    assert max(stamp for stamp in stamps if isinstance(stamp, datetime)).date() <= company.as_of


def test_orders_say_what_their_subscription_says(company: Systems) -> None:
    for order in company.salesforce["Order"].values():
        subscription = company.stripe["subscription"].get(order["Billing_Subscription_Id__c"] or "")
        states = {"active": "Active", "trialing": "Active", "canceled": "Canceled"}
        assert order["Billing_Status__c"] == (states[subscription["status"]] if subscription else "Pending")


def test_every_kind_of_business_happens(company: Systems) -> None:
    orders, items = company.salesforce["Order"].values(), company.salesforce["OrderItem"].values()
    kinds = {order["Amendment_Kind__c"] for order in orders}
    assert kinds >= {"Quantity Increase", "Quantity Decrease", "Price Change", "Cancellation", "Co-term Add-on", "Renewal"}
    assert {item["Billing_Frequency__c"] for item in items} >= {"Monthly", "Quarterly", "Annual", "One-Time"}
    assert {item["Billing_Timing__c"] for item in items} == {"Advance", "Arrears"}
    assert {item["Billing_Anchor__c"] for item in items} == {"Start", "Calendar"}
    assert {order["Status"] for order in orders} == {"Activated", "Draft", "Cancelled"}
    statuses = {invoice["status"] for invoice in company.stripe["invoice"].values()}
    assert statuses >= {"open", "paid", "void", "draft"}
    assert {note["status"] for note in company.stripe["credit_note"].values()} == {"issued", "void"}
    assert company.stripe["refund"]
    in_euro = {i["number"][:6] for i in company.stripe["invoice"].values() if i["currency"] == "eur" and i["number"]}
    assert in_euro == {"INV-UK", "INV-DE"}


def test_events_are_of_the_last_thirty_days(company: Systems) -> None:
    events = company.stripe["event"].values()
    assert {event["type"] for event in events} >= {"invoice.finalized", "invoice.paid", "charge.succeeded"}
    assert max((company.as_of - event["created"].date()).days for event in events) <= 30
