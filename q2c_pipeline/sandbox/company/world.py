"""The state of the company while it acts out its history."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import at
from q2c_pipeline.sandbox.company.ids import Ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from decimal import Decimal
    from random import Random

    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Earlier, Misbehaviour, Record, Symptom, Tables, Truth

Act = tuple[str, "Callable[..., None]", tuple[object, ...]]

SALESFORCE = (
    "Account",
    "Product2",
    "Pricebook2",
    "PricebookEntry",
    "Opportunity",
    "OpportunityHistory",
    "OpportunityLineItem",
    "Order",
    "OrderItem",
)
STRIPE = (
    "customer",
    "product",
    "price",
    "billing.meter",
    "meter_event_summary",
    "subscription",
    "subscription_item",
    "invoice",
    "invoice_line",
    "credit_note",
    "credit_note_line",
    "invoice_payment",
    "charge",
    "payment_intent",
    "refund",
    "event",
)
NETSUITE = (
    "subsidiary",
    "currency",
    "account",
    "customer",
    "item",
    "accountingperiod",
    "accountingbook",
    "currencyrate",
    "consolidatedexchangerate",
    "transaction",
    "transactionline",
    "transactionaccountingline",
    "deletedrecord",
)


@dataclass(frozen=True)
class Deferral:
    """Net revenue that a posted document line put off, to be released by day over its service."""

    document_id: str
    root_key: str | None
    entity: str
    currency: str
    net: int
    start: date
    end: date
    posted: date


def _tables(names: tuple[str, ...]) -> Tables:
    return {name: {} for name in names}


@dataclass
class World:
    """Three systems being filled, and the company's own memory of what it sold."""

    rng: Random
    start: date
    as_of: date
    opening: date = field(init=False)
    """From when the customers whose stories are being planned buy."""
    ids: Ids = field(default_factory=Ids)
    salesforce: Tables = field(default_factory=lambda: _tables(SALESFORCE))
    stripe: Tables = field(default_factory=lambda: _tables(STRIPE))
    netsuite: Tables = field(default_factory=lambda: _tables(NETSUITE))
    truth: list[Truth] = field(default_factory=list)
    symptoms: list[Symptom] = field(default_factory=list)
    misbehaviour: list[Misbehaviour] = field(default_factory=list)
    earlier: list[Earlier] = field(default_factory=list)
    roots: dict[str, Root] = field(default_factory=dict)
    """Original contract lines by key; `by_item` and `by_subscription` find them from billing."""
    roots_of: dict[str, list[Root]] = field(default_factory=lambda: defaultdict(list))
    """Order id -> its roots."""
    amendments: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Order id -> orders that amend it."""
    by_item: dict[str, Root] = field(default_factory=dict)
    by_subscription: dict[str, list[Root]] = field(default_factory=lambda: defaultdict(list))
    agenda: dict[date, list[Act]] = field(default_factory=lambda: defaultdict(list))
    due: dict[date, list[tuple[Root, date]]] = field(default_factory=lambda: defaultdict(list))
    rates: dict[tuple[str, date], Decimal] = field(default_factory=dict)
    """Value of one unit of a currency in US dollars, by day."""
    deferrals: dict[str, list[Deferral]] = field(default_factory=dict)
    ledger_lines: dict[int, list[str]] = field(default_factory=dict)
    """Transaction id -> keys of its transaction lines."""
    posted: dict[str, int] = field(default_factory=dict)
    """Billing record id (invoice, credit note, payment, refund) -> transaction id."""
    invoice_lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    credit_lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    credits_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    payments_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    charge_refunds: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    periods: dict[date, int] = field(default_factory=dict)
    prices: dict[tuple[object, ...], str] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    """Invoices issued today that may yet turn out to be wrong."""
    customer_account: dict[str, str] = field(default_factory=dict)
    """Stripe customer -> Salesforce account."""
    stripe_products: dict[str, str] = field(default_factory=dict)
    earlier_deals: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    """Opportunity id -> what it said once it was won and says no more, with the moment from which it did, oldest first."""
    meters: dict[str, str] = field(default_factory=dict)
    ticks: int = 0
    issues: int = 0

    def plan(self, day: date, phase: str, act: Callable[..., None], *args: object) -> None:
        """Put an act on the agenda of a day; phases run in the order sell, apply, settle, close."""
        if day <= self.as_of:
            self.agenda[day].append((phase, act, args))

    def moment(self, day: date, hour: int) -> datetime:
        """A time of day after `hour` that differs from act to act."""
        self.ticks += 7
        return at(day, hour, self.ticks)

    def order(self, root: Root) -> Record:
        """The Salesforce order of a root."""
        return self.salesforce["Order"][root.order_id]


def salesforce_record(identifier: str, moment: datetime, **fields: object) -> Record:
    """A Salesforce record with its audit fields."""
    stamps = {"CreatedDate": moment, "LastModifiedDate": moment, "SystemModstamp": moment}
    return {"Id": identifier, "IsDeleted": False, **stamps, **fields}


def change(record: Record, moment: datetime, **fields: object) -> None:
    """Change a Salesforce record and its modification stamps."""
    record.update(fields)
    latest = max(record["SystemModstamp"], moment)
    record.update(LastModifiedDate=latest, SystemModstamp=latest)
