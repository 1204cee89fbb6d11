"""Opportunities and orders: what sales closes and when it is activated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import PRODUCT
from q2c_pipeline.sandbox.company.customers import Customer, ensure_customer
from q2c_pipeline.sandbox.company.dates import DAY, add_months
from q2c_pipeline.sandbox.company.money import to_major
from q2c_pipeline.sandbox.company.setup import end_subscription, set_up_billing
from q2c_pipeline.sandbox.company.terms import Root, Strand, slices
from q2c_pipeline.sandbox.company.world import World, change, salesforce_record

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.systems import Record

Tiers = tuple[tuple[int | None, Decimal], ...]


@dataclass(frozen=True)
class Deal:
    """One line of an order as sold; `ramp` lists later segments as (months from start, quantity, price factor %)."""

    product: str
    quantity: int = 1
    discount: Decimal = Decimal(0)
    frequency: str = "Monthly"
    timing: str = "Advance"
    anchor: str = "Start"
    ramp: tuple[tuple[int, int, int], ...] = ()
    tiers: Tiers = ()
    discount_days: int | None = None
    """Days from the start on which the discount holds; None for all."""


@dataclass(frozen=True)
class Sale:
    """An order to be sold: activated on `activated`, served from `start` for `months` (or until `end`)."""

    customer: Customer
    start: date
    activated: date
    deals: tuple[Deal, ...]
    months: int = 12
    end: date | None = None
    amends: str | None = None
    kind: str | None = None

    @property
    def last_day(self) -> date:
        """Last day of service: 12 months from 15 January end on 14 January."""
        return self.end or add_months(self.start, self.months) - DAY


def propose(world: World, customer: Customer, day: date, stage: str, deals: tuple[Deal, ...]) -> str:
    """Record an opportunity with its lines; closed stages are closed on `day`."""
    identifier = world.ids.salesforce("006")
    closed = stage.startswith("Closed")
    record = salesforce_record(
        identifier,
        world.moment(day - timedelta(days=21), 9),
        AccountId=customer.account_id,
        Name=f"{customer.name} - {deals[0].product}",
        StageName=stage,
        IsClosed=closed,
        IsWon=stage == "Closed Won",
        CloseDate=day,
        Type="New Business",
        CurrencyIsoCode=customer.currency,
        Opportunity_Number__c=f"OPP-{world.ids.number('opportunity'):05d}",
    )
    lines = [_opportunity_line(world, identifier, customer, deal, day) for deal in deals]
    record["Amount"] = sum((line["TotalPrice"] for line in lines), Decimal(0))
    if closed:
        change(record, world.moment(day, 9))
    world.salesforce["Opportunity"][identifier] = record
    return identifier


def _opportunity_line(world: World, opportunity: str, customer: Customer, deal: Deal, day: date) -> Record:
    identifier = world.ids.salesforce("00k")
    price = PRODUCT[deal.product].list_price(customer.currency)
    record = salesforce_record(
        identifier,
        world.moment(day - timedelta(days=20), 9),
        OpportunityId=opportunity,
        Product2Id=product_id(world, deal.product),
        Quantity=Decimal(deal.quantity),
        UnitPrice=price,
        TotalPrice=price * deal.quantity,
    )
    world.salesforce["OpportunityLineItem"][identifier] = record
    return record


def product_id(world: World, code: str) -> str:
    """Salesforce id of a product."""
    return next(str(p["Id"]) for p in world.salesforce["Product2"].values() if p["ProductCode"] == code)


def pricebook_entry(world: World, product: str, currency: str) -> str:
    """Price book entry of a product in a currency."""
    return next(
        str(entry["Id"])
        for entry in world.salesforce["PricebookEntry"].values()
        if entry["Product2Id"] == product and entry["CurrencyIsoCode"] == currency
    )


def write_order(world: World, sale: Sale, status: str = "Activated") -> Record:
    """Write the order header; activated ones carry the activation instant."""
    identifier = world.ids.salesforce("801")
    activated = status == "Activated"
    opportunity = None
    if sale.kind is None:
        stage = "Closed Won" if activated else "Proposal"
        opportunity = propose(world, sale.customer, sale.activated, stage, sale.deals)
    record = salesforce_record(
        identifier,
        world.moment(sale.activated - timedelta(days=2), 10),
        OrderNumber=f"ORD-{world.ids.number('order'):05d}",
        AccountId=sale.customer.account_id,
        OpportunityId=opportunity,
        Status=status,
        StatusCode="Activated" if activated else "Draft",
        EffectiveDate=sale.start,
        EndDate=sale.last_day,
        ActivatedDate=world.moment(sale.activated, 10) if activated else None,
        TotalAmount=Decimal(0),
        CurrencyIsoCode=sale.customer.currency,
        OriginalOrderId=sale.amends,
        IsReductionOrder=False,
        Legal_Entity__c=sale.customer.entity,
        Amendment_Kind__c=sale.kind,
        Billing_Subscription_Id__c=None,
        Billing_Status__c="Pending",
    )
    if activated:
        change(record, record["ActivatedDate"])
    world.salesforce["Order"][identifier] = record
    return record


def sell(world: World, sale: Sale, status: str = "Activated") -> list[Root]:
    """Sell an order: its lines become roots, an activated one is set up in billing the same day."""
    order = write_order(world, sale, status)
    roots = [root for deal in sale.deals for root in _sell_line(world, sale, order, deal)]
    if status == "Activated":
        for root in roots:
            world.roots[root.key] = root
            world.roots_of[order["Id"]].append(root)
            for strand in root.strands:
                schedule(world, root, strand)
        ensure_customer(world, sale.customer, sale.activated)
        set_up_billing(world, order, roots, sale.activated)
        world.plan(sale.last_day + DAY, "close", end_subscription, order["Id"])
    return roots


def schedule(world: World, root: Root, strand: Strand) -> None:
    """Remember what a strand obliges the company to charge, cell by cell, and when each cell is due."""
    if root.charge_type == "Usage":
        for start, end in root.periods(strand.start, strand.end):
            world.due[end].append((root, max(start, strand.start)))
        return
    for piece in slices(root, strand):
        if piece.start not in root.cells:
            world.due[root.due(piece)].append((root, piece.start))
        root.cells.setdefault(piece.start, []).append((strand, piece))


def _sell_line(world: World, sale: Sale, order: Record, deal: Deal) -> list[Root]:
    product = PRODUCT[deal.product]
    price = product.list_price(sale.customer.currency)
    charge = {"Point in Time": "One-Time", "Usage": "Usage"}.get(product.revenue_class, "Recurring")
    last = sale.start if charge == "One-Time" else sale.last_day
    root = Root(
        key=f"{order['OrderNumber']}/{_next_number(world, order)}",
        order_id=order["Id"],
        order_item_id="",
        account_id=sale.customer.account_id,
        product=product,
        entity=sale.customer.entity,
        currency=sale.customer.currency,
        start=sale.start,
        end=last,
        frequency="One-Time" if charge == "One-Time" else deal.frequency,
        timing=deal.timing,
        anchor=deal.anchor,
        price_period=product.price_period,
        charge_type=charge,
        tiers=deal.tiers,
    )
    segments = [(0, deal.quantity, 100), *deal.ramp]
    for number, (offset, quantity, factor) in enumerate(segments):
        start = add_months(sale.start, offset)
        end = add_months(sale.start, segments[number + 1][0]) - DAY if number + 1 < len(segments) else last
        until = None if deal.discount_days is None else sale.start + timedelta(days=deal.discount_days - 1)
        strand = Strand(root.key, start, end, quantity, price * factor / 100, deal.discount, discount_end=until)
        add_strand(world, root, order, strand, segment=number + 1 if deal.ramp else None)
    return [root]


def _next_number(world: World, order: Record) -> int:
    return world.ids.number(f"lines of {order['OrderNumber']}")


def add_strand(world: World, root: Root, order: Record, strand: Strand, *, segment: int | None = None) -> Record:
    """Write the order line of a strand and hang it on its root."""
    first = not root.strands
    number = root.key.split("/")[1] if first else str(_next_number(world, order))
    root.strands.append(strand)
    identifier = world.ids.salesforce("802")
    if first:
        root.order_item_id = identifier
    total = Decimal(0)
    if root.charge_type != "Usage":
        total = to_major(sum(piece.net for piece in slices(root, strand)), root.currency)
    product = product_id(world, root.product.code)
    record = salesforce_record(
        identifier,
        order["CreatedDate"],
        OrderId=order["Id"],
        OrderItemNumber=number,
        Product2Id=product,
        PricebookEntryId=pricebook_entry(world, product, root.currency),
        Quantity=Decimal(strand.quantity),
        UnitPrice=strand.price,
        ListPrice=root.product.list_price(root.currency),
        TotalPrice=total,
        ServiceDate=strand.start,
        EndDate=strand.end,
        OriginalOrderItemId=None if first else root.order_item_id,
        Discount_Percent__c=strand.discount,
        Discount_Start__c=None,
        Discount_End__c=strand.discount_end,
        Billing_Frequency__c=root.frequency,
        Billing_Timing__c=root.timing,
        Billing_Anchor__c=root.anchor,
        Price_Period__c=root.price_period,
        Charge_Type__c=root.charge_type,
        Ramp_Segment__c=segment,
        Usage_Tiers__c=_tiers_text(root.tiers),
        Billing_Subscription_Item_Id__c=None,
        Allocated_Amount__c=None,
    )
    world.salesforce["OrderItem"][identifier] = record
    order["TotalAmount"] += total
    return record


def _tiers_text(tiers: Tiers) -> str | None:
    if not tiers:
        return None
    parts = (f'{{"up_to":{_quoted(up_to)},"unit_price":"{price:f}"}}' for up_to, price in tiers)
    return f"[{','.join(parts)}]"


def _quoted(up_to: int | None) -> str:
    return "null" if up_to is None else f'"{up_to}"'
