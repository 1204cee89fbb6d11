"""The other opinion on what is compared with what: a slow matcher in plain Python that knows nothing of the SQL."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from q2c_pipeline_tests.properties.ledgers import Ledger
from q2c_pipeline_tests.sql.schedule_oracle import billed
from q2c_pipeline_tests.sql.world import AS_OF, World

Sides = tuple[Decimal, Decimal]
Cells = dict[tuple[Any, ...], Sides]
FINAL = {"open", "paid", "uncollectible"}
CLASS = {"1100": "receivable", "2100": "tax", "2400": "deferred_revenue", "4000": "revenue"}
ENTITY = {"1": "US", "2": "DE"}


def planned(ledger: Ledger) -> dict[str, tuple[Decimal, int]]:
    """Order -> what it bills over its whole term, rounded once, and in how many periods."""
    answers = {order.number: billed(order.case()) for order in ledger.orders}
    return {f"ORD-{number:05}/1": (Decimal(one["total"]), len(one["schedule"])) for number, one in answers.items()}


def booked_billed(ledger: Ledger, world: World) -> Cells:
    """(order or stranger, service start) -> what should be billed and what is, where they differ."""
    left: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    right: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for order in ledger.orders:
        for first, _, _, amount in order.due():
            left[f"ORD-{order.number:05}/1", first] += amount
    items = {row["source_id"]: row["claimed_contract_line_key"] for row in world.rows["subscription_line"].values()}
    for line in world.rows["invoice_line"].values():
        if _counts(world.get("invoice", line["invoice_source_id"])):
            subject = items.get(line["subscription_line_source_id"], line["subscription_source_id"])
            right[subject, line["service_start_date"]] += line["net_amount"]
    return _differing(left, right)


def billed_posted(world: World) -> Cells:
    """(document or transaction, class, entity, month) -> what should be posted and what is, where they differ."""
    left: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    right: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for invoice in world.rows["invoice"].values():
        if _counts(invoice):
            month = invoice["issued_date"].replace(day=1)
            for name, amount in _expected(world, invoice).items():
                left[invoice["document_number"], name, "US", month] += amount
    numbers = {invoice["document_number"] for invoice in world.rows["invoice"].values()}
    for row in world.rows["posting"].values():
        account_class = CLASS.get(row["ledger_account_source_id"])
        if account_class and row["is_posted"] and row["is_primary_book"]:
            claimed = row["claimed_document_number"]
            subject = claimed if claimed in numbers else row["transaction_source_id"]
            month = date.fromisoformat(f"{row['accounting_period_source_id']}-01")
            right[subject, account_class, ENTITY[row["subsidiary_source_id"]], month] += row["transaction_amount"]
    return _differing(left, right)


def _counts(invoice: dict[str, Any]) -> bool:
    return invoice["document_status"] in FINAL and invoice["issued_date"] <= AS_OF


def _expected(world: World, invoice: dict[str, Any]) -> dict[str, Decimal]:
    """Debit positive: the receivable with tax, tax, and the net as revenue or, for service after this month, deferred."""
    net = {"revenue": Decimal(0), "deferred_revenue": Decimal(0)}
    after_month = (invoice["issued_date"].replace(day=1) + timedelta(days=32)).replace(day=1)
    for line in world.rows["invoice_line"].values():
        if line["invoice_source_id"] == invoice["source_id"]:
            net["deferred_revenue" if line["service_end_date"] >= after_month else "revenue"] -= line["net_amount"]
    return {"receivable": invoice["total_amount"], "tax": -invoice["tax_amount"], **net}


def _differing(left: dict[tuple[Any, ...], Decimal], right: dict[tuple[Any, ...], Decimal]) -> Cells:
    cells = {key: (left.get(key, Decimal(0)), right.get(key, Decimal(0))) for key in left.keys() | right.keys()}
    return {key: sides for key, sides in cells.items() if sides[0] != sides[1]}
