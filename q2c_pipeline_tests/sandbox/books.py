"""A second, slow reading of the simulated company's records: what should be billed, what was, what was posted."""

from __future__ import annotations

import calendar
import json
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.systems import Record, Systems

Cell = tuple[str, date, str, str]
"""Root line key, first day of service, currency, legal entity."""
MINOR = {"USD": 100, "GBP": 100, "EUR": 100, "JPY": 1}
STEP = {"Monthly": 1, "Quarterly": 3, "Semiannual": 6, "Annual": 12}


def whole(value: Fraction) -> int:
    """Half away from zero."""
    magnitude = int(abs(value) + Fraction(1, 2))
    return -magnitude if value < 0 else magnitude


def plus_months(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 + months
    year, month = total // 12, total % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


class Reading:
    """The order lines of a Salesforce organisation, with their keys."""

    def __init__(self, systems: Systems) -> None:
        self.systems = systems
        self.orders = systems.salesforce["Order"]
        self.items = systems.salesforce["OrderItem"]

    def key(self, item: Record) -> str:
        root = self.root(item)
        return f"{self.orders[root['OrderId']]['OrderNumber']}/{root['OrderItemNumber']}"

    def root(self, item: Record) -> Record:
        return self.items.get(item["OriginalOrderItemId"] or item["Id"], item)

    def expected(self) -> dict[Cell, int]:
        """Due amounts in minor units, by cell."""
        cells: dict[Cell, int] = defaultdict(int)
        for item in self.items.values():
            order = self.orders[item["OrderId"]]
            if order["Status"] != "Activated" or not order["CurrencyIsoCode"]:
                continue
            for start, due, amount in self._charges(item, order["CurrencyIsoCode"]):
                if due <= self.systems.as_of:
                    cells[self.key(item), start, order["CurrencyIsoCode"], order["Legal_Entity__c"]] += amount
        return {cell: amount for cell, amount in cells.items() if amount}

    def _charges(self, item: Record, currency: str) -> list[tuple[date, date, int]]:
        if item["Charge_Type__c"] == "Usage":
            return self._usage(item, currency)
        gross = Fraction(item["Quantity"]) * Fraction(item["UnitPrice"]) * MINOR[currency]
        net = gross * (1 - Fraction(item["Discount_Percent__c"] or 0) / 100)
        if item["Charge_Type__c"] == "One-Time":
            return [(item["ServiceDate"], item["ServiceDate"], whole(net))]
        months = 12 if item["Price_Period__c"] == "Year" else 1
        return self._recurring(item, gross / months, net / months)

    def _recurring(self, item: Record, gross: Fraction, net: Fraction) -> list[tuple[date, date, int]]:
        step = STEP[item["Billing_Frequency__c"]]
        origin = self.root(item)["ServiceDate"]
        if item["Billing_Anchor__c"] == "Calendar":
            origin = date(origin.year, (origin.month - 1) // step * step + 1, 1)
        raw: list[tuple[date, date, Fraction]] = []
        number = 0
        while (begin := plus_months(origin, number * step)) <= item["EndDate"]:
            number += 1
            until = plus_months(origin, number * step)
            days = [begin + timedelta(days=n) for n in range((until - begin).days)]
            served = [day for day in days if item["ServiceDate"] <= day <= item["EndDate"]]
            if served:
                due = served[0] if item["Billing_Timing__c"] == "Advance" else served[-1] + timedelta(days=1)
                last = item["Discount_End__c"] or item["EndDate"]
                worth = sum((net if day <= last else gross for day in served), Fraction(0))
                raw.append((served[0], due, worth * step / len(days)))
        if not raw:  # it ends before it starts
            return []
        amounts = [whole(amount) for _, _, amount in raw]
        amounts[-1] += whole(sum((amount for _, _, amount in raw), Fraction(0))) - sum(amounts)
        return [(start, due, amount) for (start, due, _), amount in zip(raw, amounts, strict=True)]

    def _usage(self, item: Record, currency: str) -> list[tuple[date, date, int]]:
        stripe = self.systems.stripe
        account = self.systems.salesforce["Account"][self.orders[item["OrderId"]]["AccountId"]]
        sub_item = stripe["subscription_item"].get(item["Billing_Subscription_Item_Id__c"] or "")
        if sub_item is None:
            return []
        meter = stripe["price"][sub_item["price"]]["recurring"]["meter"]
        charges = []
        for summary in stripe["meter_event_summary"].values():
            if (summary["meter"], summary["customer"]) == (meter, account["Billing_Account_Id__c"]):
                month = summary["start_time"].date()
                rated = whole(rated_usage(item["Usage_Tiers__c"], summary["aggregated_value"]) * MINOR[currency])
                charges.append((max(month, item["ServiceDate"]), plus_months(month, 1), rated))
        return charges


def rated_usage(tiers: str, quantity: Decimal) -> Fraction:
    """Graduated tiers from their text."""
    total, below = Fraction(0), Fraction(0)
    for tier in json.loads(tiers):
        upto = Fraction(quantity) if tier["up_to"] is None else min(Fraction(tier["up_to"]), Fraction(quantity))
        total += max(upto - below, Fraction(0)) * Fraction(tier["unit_price"])
        below = max(below, upto)
    return total


def net(line: Record) -> int:
    return int(line["amount"]) - sum(int(entry["amount"]) for entry in line["discount_amounts"])


def billed(systems: Systems) -> dict[Cell, int]:
    """Net billed amounts in minor units by cell: final invoices less issued credit notes."""
    stripe, cells = systems.stripe, defaultdict[Cell, int](int)
    keys = item_keys(systems)
    for line in stripe["invoice_line"].values():
        if stripe["invoice"][line["invoice"]]["status"] in {"open", "paid", "uncollectible"}:
            cells[_cell(systems, keys, line, line["period"]["start"].date())] += net(line)
    for line in stripe["credit_note_line"].values():
        if stripe["credit_note"][line["credit_note"]]["status"] == "issued":
            start = date.fromisoformat(line["metadata"]["service_start"])
            credited = stripe["invoice_line"][line["invoice_line_item"]]
            cells[_cell(systems, keys, credited, start)] -= line["amount"] - line["discount_amount"]
    return {cell: amount for cell, amount in cells.items() if amount}


def item_keys(systems: Systems) -> dict[str, str]:
    """Subscription item -> contract line, by Salesforce's own write-back."""
    reading = Reading(systems)
    items = systems.salesforce["OrderItem"].values()
    return {item["Billing_Subscription_Item_Id__c"]: reading.key(item) for item in items}


def _cell(systems: Systems, keys: dict[str, str], line: Record, start: date) -> Cell:
    invoice = systems.stripe["invoice"][line["invoice"]]
    return _line_key(keys, line, invoice), start, line["currency"].upper(), invoice["metadata"]["legal_entity"]


def _line_key(keys: dict[str, str], line: Record, invoice: Record) -> str:
    details = line["parent"].get("subscription_item_details")
    if details:
        return keys.get(details["subscription_item"], str(details["subscription"]))
    return str(line["metadata"].get("contract_line", invoice["number"]))


def differences(systems: Systems) -> dict[tuple[str, str], Decimal]:
    """Expected less billed, by contract line and currency, in major units; lines that agree are left out.

    What is billed for a line in another currency or by another entity than the line's own bills nothing of it.
    """
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    expected = Reading(systems).expected()
    homes = {key: (currency, entity) for key, _, currency, entity in expected}
    for sign, cells in ((1, expected), (-1, billed(systems))):
        for (key, _, currency, entity), amount in cells.items():
            if homes.get(key, (currency, entity)) == (currency, entity):
                sums[key, currency] += Decimal(sign * amount) / MINOR[currency]
    return {key: amount for key, amount in sums.items() if amount}


def ledger_balances(systems: Systems) -> dict[tuple[int, str], Decimal]:
    """Sum of the lines of each transaction, in document and in base currency: all must be zero."""
    sums: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for line in systems.netsuite["transactionline"].values():
        sums[line["transaction"], "document"] += line["foreignamount"]
    for line in systems.netsuite["transactionaccountingline"].values():
        sums[line["transaction"], f"book {line['accountingbook']}"] += line["amount"]
    return dict(sums)


def account_total(systems: Systems, number: str) -> dict[str, Decimal]:
    """Balance of an account in document currency, by currency symbol."""
    netsuite = systems.netsuite
    symbols = {currency["id"]: currency["symbol"] for currency in netsuite["currency"].values()}
    wanted = next(a["id"] for a in netsuite["account"].values() if a["acctnumber"] == number)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in netsuite["transactionaccountingline"].values():
        if entry["account"] == wanted and entry["accountingbook"] == 1 and entry["posting"]:
            line = netsuite["transactionline"][f"{entry['transaction']}-{entry['transactionline']}"]
            sums[symbols[netsuite["transaction"][str(entry["transaction"])]["currency"]]] += line["foreignamount"]
    return {symbol: amount for symbol, amount in sums.items() if amount}


def receivables(systems: Systems) -> dict[tuple[str, int], Decimal]:
    """Posted receivable by quoted document and legal entity, in document currency."""
    netsuite = systems.netsuite
    wanted = next(a["id"] for a in netsuite["account"].values() if a["acctnumber"] == "1100")
    sums: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for entry in netsuite["transactionaccountingline"].values():
        header = netsuite["transaction"][str(entry["transaction"])]
        if entry["account"] == wanted and entry["accountingbook"] == 1 and header["type"] in {"CustInvc", "CustCred"}:
            line = netsuite["transactionline"][f"{entry['transaction']}-{entry['transactionline']}"]
            sums[header["custbody_source_document"], line["subsidiary"]] += line["foreignamount"]
    return dict(sums)


def documents(systems: Systems) -> dict[tuple[str, int], Decimal]:
    """What the receivable of every final invoice and issued credit note should be."""
    entities = {one["externalid"]: one["id"] for one in systems.netsuite["subsidiary"].values()}
    wanted: dict[tuple[str, int], Decimal] = {}
    for table, sign, statuses in (("invoice", 1, {"open", "paid", "uncollectible"}), ("credit_note", -1, {"issued"})):
        for record in systems.stripe[table].values():
            if record["status"] in statuses:
                total = Decimal(sign * record["total"]) / MINOR[record["currency"].upper()]
                wanted[record["number"], entities[record["metadata"]["legal_entity"]]] = total
    return wanted
