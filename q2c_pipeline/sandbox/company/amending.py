"""Amendments: delta lines on existing contract lines, add-ons, cancellations and early renewals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.selling import Deal, Sale, add_strand, schedule, sell, write_order
from q2c_pipeline.sandbox.company.setup import apply_terms, end_subscription
from q2c_pipeline.sandbox.company.terms import Root, Strand
from q2c_pipeline.sandbox.company.world import World, change

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.customers import Customer
    from q2c_pipeline.sandbox.systems import Record

REDUCTIONS = {"Quantity Decrease", "Cancellation"}


@dataclass(frozen=True)
class Amendment:
    """A change of an order from `effective` on."""

    customer: Customer
    roots: tuple[Root, ...]
    kind: str
    effective: date
    quantity: int = 0
    price: Decimal = Decimal(0)


def amend(world: World, day: date, amendment: Amendment) -> None:
    """Activate an amendment order on `day` and let it take effect."""
    root = amendment.roots[0]
    order = _write_amendment_order(world, day, amendment)
    for member in amendment.roots:
        for strand in _deltas(member, amendment):
            added = replace(strand, key=f"{order['OrderNumber']}/{len(member.strands)}")
            add_strand(world, member, order, added)
            schedule(world, member, added)
        world.plan(amendment.effective, "apply", apply_terms, member)
    if amendment.kind == "Cancellation":
        world.plan(amendment.effective, "apply", end_subscription, root.order_id)


def _write_amendment_order(world: World, day: date, amendment: Amendment) -> Record:
    root = amendment.roots[0]
    original = world.order(root)
    sale = Sale(
        amendment.customer,
        amendment.effective,
        day,
        (),
        end=original["EndDate"],
        amends=original["Id"],
        kind=amendment.kind,
    )
    order = write_order(world, sale)
    change(
        order,
        world.moment(day, 12),
        IsReductionOrder=amendment.kind in REDUCTIONS,
        Billing_Subscription_Id__c=original["Billing_Subscription_Id__c"],
        Billing_Status__c=original["Billing_Status__c"],
    )
    world.amendments[original["Id"]].append(order["Id"])
    return order


def _deltas(root: Root, amendment: Amendment) -> list[Strand]:
    current = [strand for strand in root.live(amendment.effective) if strand.quantity > 0][-1]
    held = root.quantity(amendment.effective)
    base = replace(current, start=amendment.effective, end=root.end, delta=True)
    if amendment.kind == "Quantity Increase":
        return [replace(base, quantity=amendment.quantity)]
    if amendment.kind == "Quantity Decrease":
        return [replace(base, quantity=-amendment.quantity)]
    if amendment.kind == "Price Change":
        return [replace(base, quantity=-held), replace(base, quantity=held, price=amendment.price)]
    return [replace(base, quantity=-held)]


def renew_early(world: World, day: date, amendment: Amendment, deals: tuple[Deal, ...]) -> None:
    """Cancel the rest of an order and sell a new one from the same day."""
    amend(world, day, amendment)
    original = amendment.roots[0].order_id
    sale = Sale(amendment.customer, amendment.effective, day, deals, amends=original, kind="Renewal")
    sell(world, sale)


def add_on(world: World, day: date, amendment: Amendment, deal: Deal) -> None:
    """Sell an additional product that ends together with the order it amends."""
    original = world.order(amendment.roots[0])
    sale = Sale(
        amendment.customer,
        amendment.effective,
        day,
        (deal,),
        end=original["EndDate"],
        amends=original["Id"],
        kind="Co-term Add-on",
    )
    sell(world, sale)
