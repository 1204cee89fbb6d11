"""Metered usage: how much customers consume, and what a month of it is worth."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import add_months, midnight, month_end, month_start
from q2c_pipeline.sandbox.company.terms import Root, rate_usage

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.world import World


def rate_month(world: World, root: Root, start: date) -> tuple[int, int, date] | None:
    """Quantity, rated amount and last service day of the month that begins with `start`; None without usage."""
    quantity = consume(world, root, start)
    amount = rate_usage(root.tiers, Decimal(quantity), root.currency)
    return (quantity, amount, min(month_end(start), root.end)) if amount else None


def consume(world: World, root: Root, start: date) -> int:
    """Meter a month of usage of a customer; about one month in ten stays within the included quantity."""
    included = root.tiers[0][0] or 0
    quantity = world.rng.choice((included // 2, *(included + world.rng.randint(100, 9000) for _ in range(9))))
    customer = world.salesforce["Account"][root.account_id]["Billing_Account_Id__c"]
    meter = world.meters[root.product.code]
    month = month_start(start)
    world.stripe["meter_event_summary"][f"{meter}|{customer}|{month:%Y-%m}"] = {
        "meter": meter,
        "customer": customer,
        "start_time": midnight(month),
        "end_time": midnight(add_months(month, 1)),
        "aggregated_value": Decimal(quantity),
    }
    return quantity


def meter_unfinished_month(world: World) -> None:
    """Usage of the month in which the history stops: metered, not due yet."""
    for root in world.roots.values():
        start = max(root.start, month_start(world.as_of))
        if root.charge_type == "Usage" and root.subscription_id and start <= min(root.end, world.as_of):
            consume(world, root, start)
