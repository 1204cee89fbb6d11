"""Orders that should never have been signed: written by hand beside a good one, without a subscription."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record

LATER = timedelta(days=40)


def sign(ground: Ground, *changes: Record, **header: object) -> list[Record]:
    """A new active order for a customer who has others, with a line for each of `changes`; its service starts after today."""
    world = ground.world
    root = world.roots[ground.pick("order to write another beside", world.roots, lambda key: _is_usual(world, world.roots[key]))]
    order, item = world.order(root), world.salesforce["OrderItem"][root.order_item_id]
    start = world.as_of + LATER
    dates = {"EffectiveDate": start, "EndDate": year_of(start)}
    number = f"ORD-{world.ids.number('order'):05d}"
    fresh = {"OpportunityId": None, "OriginalOrderId": None, "Billing_Subscription_Id__c": None, "Billing_Status__c": "Pending"}
    new = order | {"Id": world.ids.salesforce("801"), "OrderNumber": number} | fresh | dates | header
    world.salesforce["Order"][new["Id"]] = new
    ground.used.add(new["Id"])
    usual = {"OrderId": new["Id"], "ServiceDate": start, "EndDate": year_of(start), "Billing_Subscription_Item_Id__c": None}
    lines: list[Record] = []
    for place, change in enumerate(changes, 1):
        first = lines[0]["Id"] if lines else None
        step = {"Id": world.ids.salesforce("802"), "OrderItemNumber": str(place), "OriginalOrderItemId": first}
        lines.append(item | usual | step | change)
        world.salesforce["OrderItem"][lines[-1]["Id"]] = lines[-1]
    return [{**line, "key": f"{number}/{line['OrderItemNumber']}", "number": number} for line in lines]


def _is_usual(world: World, root: Root) -> bool:
    """Tell whether a root is a steady line of a customer whom all systems know; it only lends its terms and is not touched."""
    account = world.salesforce["Account"][root.account_id]
    known = account["Billing_Account_Id__c"] and account["ERP_Customer_Id__c"]
    is_active = world.order(root)["Status"] == "Activated"
    return bool(known and is_active and root.charge_type == "Recurring" and len(root.strands) == 1)


def year_of(start: date) -> date:
    """The last day of a year of service, near enough for what is wrong anyway."""
    return start + timedelta(days=364)
