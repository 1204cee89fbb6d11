"""Random small ledgers: a few orders billed and posted as they should be, and then anything may happen to anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from q2c_pipeline_tests.sql.schedule_oracle import Case, billed
from q2c_pipeline_tests.sql.world import AS_OF, PARAMS, World, masters

DAY = timedelta(days=1)
BENDS = (
    "skip", "twice", "amount", "void", "draft", "stranger", "period_moved", "unposted", "posted_twice", "posted_amount",
    "other_entity", "other_period", "other_account", "voided_posting", "unknown_number",
)  # fmt: skip
"""What may happen to a document or its posting."""


@dataclass(frozen=True)
class Order:
    """Terms of an order with one line."""

    number: int
    start: date
    end: date
    quantity: int
    unit_price: Decimal
    frequency: str
    timing: str
    anchor: str

    def case(self) -> Case:
        """The order as the slow scheduler reads it."""
        line = {
            "charge_type": "recurring", "start": str(self.start), "end": str(self.end), "quantity": str(self.quantity),
            "unit_price": str(self.unit_price), "discount": "0", "currency": "USD", "billing_frequency": self.frequency,
            "anchor": self.anchor, "timing": self.timing, "price_period": "month",
        }  # fmt: skip
        return {"line": line, "policy": {"proration": "actual_days", "rounding": "half_up"}}

    def due(self) -> list[tuple[date, date, date, Decimal]]:
        """First day, last day, due day and amount of every period that is due by now."""
        return [row for row in map(_period, billed(self.case())["schedule"]) if row[2] <= AS_OF]


def _period(row: Case) -> tuple[date, date, date, Decimal]:
    start, end, due = (date.fromisoformat(row[key]) for key in ("service_start", "service_end", "due"))
    return start, end, due, Decimal(row["amount"])


@dataclass(frozen=True)
class Ledger:
    """Orders, and what happened to the documents that bill them: (number of the document, bend, a small number)."""

    orders: tuple[Order, ...]
    bends: tuple[tuple[int, str, int], ...]

    def world(self) -> World:
        """The records of all three systems."""
        world = masters(World(params=dict(PARAMS)))
        documents = [one for order in self.orders for one in _bill(world, order)]
        chosen = {documents[place % len(documents)]: (bend, size) for place, bend, size in self.bends if documents}
        for name in documents:
            _happen(world, name, *chosen.get(name, ("nothing", 0)))
        return world


@st.composite
def orders(draw: st.DrawFn, number: int) -> Order:
    """An order of this year, of up to a year."""
    start = draw(st.dates(date(2025, 11, 1), date(2026, 9, 30)))
    return Order(
        number,
        start,
        start + timedelta(days=draw(st.integers(0, 400))),
        draw(st.integers(1, 30)),
        draw(st.decimals("0.01", "9999.99", places=2)),
        draw(st.sampled_from(["monthly", "quarterly", "annual"])),
        draw(st.sampled_from(["advance", "arrears"])),
        draw(st.sampled_from(["start", "calendar"])),
    )


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """One to three orders and up to six accidents."""
    count = draw(st.integers(1, 3))
    accident = st.tuples(st.integers(0, 60), st.sampled_from(BENDS), st.integers(1, 9))
    return Ledger(
        tuple(draw(orders(number)) for number in range(1, count + 1)), tuple(draw(st.lists(accident, min_size=0, max_size=6)))
    )


def _bill(world: World, order: Order) -> list[str]:
    terms: dict[str, Any] = {"quantity": Decimal(order.quantity), "unit_price": order.unit_price}
    terms |= {"billing_frequency": order.frequency, "billing_timing": order.timing, "billing_anchor": order.anchor}
    world.order(order.number, start_date=order.start, end_date=order.end, **terms)
    world.subscribe(order.number)
    names = []
    for first, last, due, amount in order.due():
        name = f"{order.number}-{first:%Y%m%d}"
        item = {"subscription_source_id": f"sub-{order.number}", "subscription_line_source_id": f"si-{order.number}"}
        world.bill(name, first, last, amount, issued_date=max(due, date(2026, 1, 1)), **item)
        names.append(name)
    return names


def _happen(world: World, name: str, bend: str, size: int) -> None:
    """Bend the document, post it, bend the posting."""
    if bend == "skip":
        world.unbill(name)
        return
    net = world.get("invoice_line", f"il-{name}")["net_amount"]
    if bend == "amount":
        world.reprice(name, net + size)
    elif bend in ("void", "draft"):
        world.change("invoice", f"in-{name}", document_status=bend)
        return
    elif bend == "stranger":
        world.change("invoice_line", f"il-{name}", subscription_line_source_id="si-unknown", subscription_source_id="sub-unknown")
    elif bend == "period_moved":
        first = world.get("invoice_line", f"il-{name}")["service_start_date"]
        world.change("invoice_line", f"il-{name}", service_start_date=first + size * DAY)
    elif bend == "twice":
        copy = world.get("invoice_line", f"il-{name}")
        again = {key: copy[key] for key in ("subscription_source_id", "subscription_line_source_id")}
        issued = world.get("invoice", f"in-{name}")["issued_date"]
        world.bill(f"{name}-again", copy["service_start_date"], copy["service_end_date"], net, issued_date=issued, **again)
        world.post(f"in-{name}-again")
    if bend != "unposted":
        world.post(f"in-{name}")
        _happen_to_posting(world, name, bend, size)


def _happen_to_posting(world: World, name: str, bend: str, size: int) -> None:
    line = f"tr-in-{name}-1-1"
    changes: dict[str, dict[str, Any]] = {
        "posted_amount": {"transaction_amount": world.get("posting", line)["transaction_amount"] + size},
        "other_entity": {"subsidiary_source_id": "2"},
        "other_period": {"accounting_period_source_id": f"2026-{size:02}"},
        "other_account": {"ledger_account_source_id": "4000"},
    }
    if bend in changes:
        world.change("posting", line, **changes[bend])
    elif bend == "posted_twice":
        world.post(f"in-{name}", transaction=f"again-{name}")
    elif bend in ("voided_posting", "unknown_number"):
        facts: dict[str, Any] = {"is_voided": True, "is_posted": False}
        if bend == "unknown_number":
            facts = {"claimed_document_number": f"X-{name}", "claimed_document_id": None}
        for row in world.rows["posting"].values():
            if row["transaction_source_id"] == f"tr-in-{name}":
                row.update(facts)
