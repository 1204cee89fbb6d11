"""Setting an activated order up in billing, and writing the ids back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.customers import TERMS
from q2c_pipeline.sandbox.company.dates import DAY, midnight
from q2c_pipeline.sandbox.company.money import plain, to_minor
from q2c_pipeline.sandbox.company.terms import MONTHS, Root, Strand
from q2c_pipeline.sandbox.company.world import World, change

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal

    from q2c_pipeline.sandbox.systems import Record

LIVE = {"active", "past_due", "trialing"}


def set_up_billing(world: World, order: Record, roots: list[Root], day: date) -> None:
    """One subscription per billing frequency, timing and anchor; one item per original recurring or usage line."""
    groups: dict[tuple[str, str, str], list[Root]] = {}
    for root in roots:
        if root.charge_type != "One-Time":
            groups.setdefault((root.frequency, root.timing, root.anchor), []).append(root)
    for group in groups.values():
        subscription = _subscribe(world, order, group, day)
        if order["Billing_Subscription_Id__c"] is None:
            change(order, world.moment(day, 12), Billing_Subscription_Id__c=subscription["id"], Billing_Status__c="Active")


def _subscribe(world: World, order: Record, group: list[Root], day: date) -> Record:
    root = group[0]
    account = world.salesforce["Account"][root.account_id]
    identifier = world.ids.stripe("sub")
    future = root.start > day
    record = {
        "id": identifier,
        "customer": account["Billing_Account_Id__c"],
        "status": "trialing" if future else "active",
        "currency": root.currency.lower(),
        "start_date": midnight(root.start),
        "created": world.moment(day, 11),
        "billing_cycle_anchor": midnight(root.start if root.anchor == "Start" else _next_boundary(root)),
        "cancel_at": midnight(max(member.end for member in group) + DAY),
        "canceled_at": None,
        "ended_at": None,
        "collection_method": "send_invoice",
        "days_until_due": TERMS[account["Payment_Terms__c"]],
        "latest_invoice": None,
        "metadata": {
            "salesforce_order_id": order["Id"],
            "order_number": order["OrderNumber"],
            "legal_entity": root.entity,
        },
    }
    world.stripe["subscription"][identifier] = record
    for member in group:
        _add_item(world, record, member)
    if future:
        world.plan(root.start, "apply", _begin, identifier)
    return record


def _next_boundary(root: Root) -> date:
    return next(root.boundary(number) for number in (0, 1) if root.boundary(number) >= root.start)


def _begin(world: World, _day: date, subscription: str) -> None:
    record = world.stripe["subscription"][subscription]
    if record["status"] == "trialing":
        record["status"] = "active"


def _add_item(world: World, subscription: Record, root: Root) -> None:
    identifier = world.ids.stripe("si")
    root.subscription_id, root.item_id = subscription["id"], identifier
    world.by_item[identifier] = root
    world.by_subscription[subscription["id"]].append(root)
    first = root.strands[0]
    record = {
        "id": identifier,
        "subscription": subscription["id"],
        "price": price_of(world, root, first),
        "created": subscription["created"],
        "current_period_start": midnight(root.start),
        "current_period_end": midnight(next(root.periods(root.start, root.start))[1]),
        "metadata": {"salesforce_order_item_id": root.order_item_id, "contract_line": root.key},
    }
    if root.charge_type != "Usage":
        record["quantity"] = first.quantity
    world.stripe["subscription_item"][identifier] = record
    item = world.salesforce["OrderItem"][root.order_item_id]
    moment = max(subscription["created"], item["SystemModstamp"])
    change(item, moment, Billing_Subscription_Item_Id__c=identifier)
    for strand in root.strands[1:]:
        world.plan(strand.start, "apply", apply_terms, root)


def apply_terms(world: World, day: date, root: Root) -> None:
    """Bring the subscription item to the quantity and price that hold from today."""
    live = [strand for strand in root.live(day) if strand.quantity > 0]
    if not live or not root.item_id or root.quantity(day) <= 0:
        return
    item = world.stripe["subscription_item"][root.item_id]
    item["quantity"] = root.quantity(day)
    item["price"] = price_of(world, root, live[-1])


def end_subscription(world: World, day: date, order_id: str) -> None:
    """Cancel whatever subscriptions of an order still run, and tell Salesforce."""
    moment = world.moment(day, 1)
    order = world.salesforce["Order"][order_id]
    ended = False
    for record in _subscriptions(world, order_id):
        if record["status"] in LIVE:
            record.update(status="canceled", canceled_at=moment, ended_at=moment)
            ended = True
    if ended:
        _tell_orders(world, order, moment)


def _subscriptions(world: World, order_id: str) -> list[Record]:
    ids = {r.subscription_id: None for r in world.roots_of.get(order_id, ()) if r.subscription_id}
    return [world.stripe["subscription"][identifier] for identifier in ids if identifier]


def _tell_orders(world: World, order: Record, moment: datetime) -> None:
    subscription = order["Billing_Subscription_Id__c"]
    for number in [order["Id"], *world.amendments.get(order["Id"], ())]:
        record = world.salesforce["Order"][number]
        if record["Billing_Subscription_Id__c"] == subscription:
            change(record, moment, Billing_Status__c="Canceled")


def price_of(world: World, root: Root, strand: Strand) -> str:
    """Stripe price for a root's terms, created when first needed."""
    return ensure_price(world, root, strand.price)


def ensure_price(world: World, root: Root, unit_price: Decimal) -> str:
    """Stripe price of a product at a unit price in a root's currency and billing rhythm."""
    signature = (root.product.code, root.currency, unit_price, root.frequency, root.price_period, root.tiers)
    if signature not in world.prices:
        identifier = world.ids.stripe("price")
        world.prices[signature] = identifier
        world.stripe["price"][identifier] = {"id": identifier, **_price_fields(world, root, unit_price)}
    return world.prices[signature]


def _price_fields(world: World, root: Root, unit_price: Decimal) -> Record:
    usage = root.charge_type == "Usage"
    minor = root.period_price(Strand("", root.start, root.end, 1, unit_price, unit_price))
    created = world.salesforce["OrderItem"][root.order_item_id]["CreatedDate"]
    recurring = None
    if root.charge_type != "One-Time":
        recurring = {
            "interval": "year" if root.frequency == "Annual" else "month",
            "interval_count": 1 if root.frequency == "Annual" else MONTHS[root.frequency],
            "usage_type": "metered" if usage else "licensed",
            "meter": world.meters[root.product.code] if usage else None,
        }
    return {
        "product": world.stripe_products[root.product.code],
        "currency": root.currency.lower(),
        "unit_amount": None if usage or minor.denominator != 1 else int(minor),
        "unit_amount_decimal": None if usage else plain(minor),
        "billing_scheme": "tiered" if usage else "per_unit",
        "tiers_mode": "graduated" if usage else None,
        "tiers": _tiers(root) if usage else None,
        "recurring": recurring,
        "type": "one_time" if recurring is None else "recurring",
        "active": True,
        "created": created,
    }


def _tiers(root: Root) -> list[Record]:
    return [{"up_to": up_to, "unit_amount_decimal": plain(to_minor(price, root.currency))} for up_to, price in root.tiers]
