"""Three small systems, what may be asked of them, and what they must look like in the end."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from q2c_pipeline.domain.repairs import (
    Action,
    DraftInvoice,
    DraftJournal,
    FieldChange,
    JournalLine,
    Payload,
    PendingItem,
    SetFields,
    Target,
)
from q2c_pipeline.orchestration import lookalikes
from q2c_pipeline.platforms.stripe.forms import KEY
from q2c_pipeline.sandbox.systems import Record, Systems, Tables
from q2c_pipeline_tests.sandbox.in_process import InProcess
from q2c_pipeline_tests.sandbox.netsuite_ledger import ledger
from q2c_pipeline_tests.sandbox.small_org import AS_OF, salesforce_tables
from q2c_pipeline_tests.sandbox.small_shop import small_shop

ACCOUNTS = 8
STAMPS = frozenset({"LastModifiedDate", "SystemModstamp", "lastmodifieddate", "linelastmodifieddate"})
_TRACES = frozenset({"event", "deletedrecord"})
_LINES = (JournalLine("1100", Decimal("119.00"), Decimal(0)), JournalLine("4000", Decimal(0), Decimal("119.00")))
_FIELDS = {
    ("sf_main", "Account"): ("ERP_Customer_Id__c", "Billing_Account_Id__c"),
    ("sf_main", "Order"): ("Billing_Subscription_Id__c", "Billing_Status__c"),
    ("stripe_main", "customer"): ("metadata.salesforce_account_id", "name"),
    ("stripe_main", "subscription"): ("metadata.salesforce_order_id",),
    ("stripe_main", "subscription_item"): ("metadata.salesforce_order_item_id",),
    ("netsuite_main", "customer"): ("externalid", "companyname"),
}
Asked = tuple[Target, Action, Payload]


@dataclass
class Site:
    """The three systems of one small company, each behind its own line."""

    systems: Systems
    lines: dict[str, InProcess]
    credentials: dict[str, str]
    before: Systems = field(init=False)
    _taken: set[tuple[str, str, str]] = field(default_factory=set)

    def remember(self) -> None:
        """From here on every change must be one that was ordered."""
        self.before = deepcopy(self.systems)

    def table(self, instance: str, object_name: str, *, then: bool = False) -> dict[str, Record]:
        """The records of one object, now or as remembered."""
        platform = lookalikes.INSTANCES[instance]
        tables: Tables = getattr(self.before if then else self.systems, platform)
        return tables[object_name]

    def something(self, dice: Random, instance: str) -> Asked | None:
        """A change that this system could be asked for; None when no untouched record is left."""
        if instance == "stripe_main" and dice.random() < 0.6:
            return self._for_billing(dice)
        if instance == "netsuite_main" and dice.random() < 0.8:
            return self._for_books(dice)
        return self._fields(dice, instance)

    def _for_billing(self, dice: Random) -> Asked:
        items = tuple(_item(dice) for _ in range(dice.randint(1, 3)))
        target = Target("stripe_main", "invoice", None, "cus_a")
        if len(items) == 1:
            return target, Action.PENDING_ITEM, items[0]
        return target, Action.DRAFT_INVOICE, DraftInvoice("cus_a", "USD", items, {"legal_entity": "US"})

    def _for_books(self, dice: Random) -> Asked:
        """One journal in six is for a closed period."""
        day = date(2025, 12, 31) if dice.random() < 1 / 6 else date(2026, 1, dice.randint(1, 31))
        journal = DraftJournal("US", "1", "USD", day, f"memo {dice.random()}", f"INV-US-{dice.randint(1, 999):06d}", _LINES)
        return Target("netsuite_main", "journalEntry", None, "INV"), Action.DRAFT_JOURNAL, journal

    def _fields(self, dice: Random, instance: str) -> Asked | None:
        places = [
            (name, record_id)
            for (system, name) in _FIELDS
            if system == instance
            for record_id in self.table(instance, name)
            if (instance, name, record_id) not in self._taken
        ]
        if not places:
            return None
        name, record_id = dice.choice(places)
        self._taken.add((instance, name, record_id))
        record = self.table(instance, name)[record_id]
        names = dice.sample(_FIELDS[instance, name], dice.randint(1, len(_FIELDS[instance, name])))
        changes = tuple(FieldChange(each, held(record, each), f"new-{dice.randint(1, 10**9)}") for each in names)
        version = {"sf_main": "SystemModstamp", "netsuite_main": "lastmodifieddate"}.get(instance)
        stamp = record[version].strftime("%Y-%m-%d %H:%M:%S") if version else None
        return Target(instance, name, record_id, record_id, stamp), Action.SET_FIELDS, SetFields(changes)

    def meddle(self, dice: Random, target: Target, change: FieldChange) -> None:
        """Somebody else changes a field that a correction is about."""
        if target.source_id is None:
            return
        put(self.table(target.instance, target.object_name)[target.source_id], change.name, f"somebody-{dice.randint(1, 999)}")
        if target.instance == "netsuite_main":
            self.lines["netsuite_main"].app.state.account.store.reload()


def new_site() -> Site:
    """The same small company every time."""
    shop, books = small_shop(), ledger()
    systems = Systems(as_of=AS_OF, salesforce=salesforce_tables(ACCOUNTS), stripe=shop.stripe, netsuite=books.netsuite)
    credentials = lookalikes.new_credentials()
    lines = {name: InProcess(app) for name, app in lookalikes.apps(systems, credentials).items()}
    return Site(systems, lines, credentials)


def _item(dice: Random) -> PendingItem:
    amount = Decimal(dice.randint(-99_999, 99_999)) / 100
    return PendingItem("cus_a", None, "USD", amount, "Seats", date(2026, 3, 1), date(2026, 3, 31), {"contract_line": "ORD-1/1"})


def held(record: Record, name: str) -> str | None:
    """The text of a field; metadata.x is inside."""
    first, _, rest = name.partition(".")
    value: str | None = (record.get(first) or {}).get(rest) if rest else record.get(first)
    return value


def put(record: Record, name: str, value: str | None) -> None:
    """Set a field, or a key inside metadata."""
    first, _, rest = name.partition(".")
    if not rest:
        record[first] = value
    elif value is None:
        record[first].pop(rest, None)
    else:
        record[first][rest] = value


def made_in_billing(site: Site, attempt_key: str) -> tuple[int, list[int], int]:
    """Drafts made under a key, how many lines each holds, and items made by themselves under it."""
    tables = site.systems.stripe
    drafts = [one for one in tables["invoice"].values() if one["metadata"].get(KEY) == attempt_key]
    lines = [sum(line["invoice"] == one["id"] for line in tables["invoice_line"].values()) for one in drafts]
    items = tables.get("invoiceitem", {}).values()
    return len(drafts), lines, sum(one["metadata"].get(KEY) == attempt_key for one in items)


def made_in_books(site: Site, attempt_key: str) -> int:
    """Draft journals under a key."""
    journals = site.systems.netsuite["transaction"].values()
    return sum(one.get("externalid") == attempt_key and not one["posting"] for one in journals)


def keys_in_systems(site: Site) -> set[str]:
    """Every key under which anything was made: items of a draft carry its key with a number."""
    billing = [one for name in ("invoice", "invoiceitem") for one in site.systems.stripe.get(name, {}).values()]
    keys = {one["metadata"][KEY].partition("-")[0] for one in billing if KEY in one.get("metadata", {})}
    known = {one.get("externalid") for one in site.before.netsuite["transaction"].values()}
    return keys | {
        one["externalid"] for one in site.systems.netsuite["transaction"].values() if one.get("externalid") not in known
    }


def untouched(site: Site) -> tuple[dict[str, Any], dict[str, Any]]:
    """Everything but stamps and what corrections make, as remembered and as it is now; copies, to be written in."""
    return deepcopy(_plain(site.before)), _plain(site.systems)


def _plain(systems: Systems) -> dict[str, Any]:
    """Rows by platform, table and id; drafts with their lines, events and traces of deletion are told of elsewhere."""
    drafts = {one["id"] for one in systems.stripe["invoice"].values() if KEY in one["metadata"]}
    unposted = {one["id"] for one in systems.netsuite["transaction"].values() if not one["posting"]}
    return {
        f"{platform}.{name}.{record_id}": {field: value for field, value in row.items() if field not in STAMPS}
        for platform in ("salesforce", "stripe", "netsuite")
        for name, rows in getattr(systems, platform).items()
        for record_id, row in rows.items()
        if name not in _TRACES
        and KEY not in (row.get("metadata") or {})
        and row.get("invoice") not in drafts
        and row.get("transaction", row["id"] if name == "transaction" else None) not in unposted
    }
