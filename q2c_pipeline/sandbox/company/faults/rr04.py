"""RR04: the allocation of an order's price is missing, or older than the order's last change."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.allocating import bundles, changes
from q2c_pipeline.sandbox.company.money import to_minor

if TYPE_CHECKING:
    from collections.abc import Callable

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record


def rr04_allocation_missing(ground: Ground) -> None:
    """A line was added to an order after its price had been allocated: the line has no share at all."""
    lines = _claim(ground)
    line = next(one for one in lines if one["Allocated_Amount__c"] > 0)
    amount, line["Allocated_Amount__c"] = line["Allocated_Amount__c"], None
    _tell(ground, line, amount)


def rr04_allocation_stale(ground: Ground) -> None:
    """The shares still sum to the price, but are those of the stand-alone prices before the last change."""
    first, *_, last = _claim(ground)
    moved = Decimal(ground.rng.randint(1, 9) * 10)
    first["Allocated_Amount__c"] -= moved
    last["Allocated_Amount__c"] += moved
    _tell(ground, first, moved)


def rr04_amendment_not_allocated(ground: Ground) -> None:
    """An amending order never had its price allocated: neither what it ends nor what it begins has a share."""
    lines = _claim(ground, changes)
    amounts = [line["Allocated_Amount__c"] for line in lines]
    for line in lines:
        line["Allocated_Amount__c"] = None
    _tell(ground, lines[0], sum((one for one in amounts if one > 0), Decimal(0)) or sum(amounts))


def _claim(ground: Ground, kind: Callable[[World], dict[str, list[Record]]] = bundles) -> list[Record]:
    """Take an order of several lines, so that no later fault changes its terms."""
    orders = kind(ground.world)
    number = ground.pick("order of several lines", orders, lambda one: orders[one][0]["OrderId"] not in ground.used)
    ground.used.add(orders[number][0]["OrderId"])
    return orders[number]


def _tell(ground: Ground, line: Record, amount: Decimal) -> None:
    order = ground.world.salesforce["Order"][line["OrderId"]]
    currency = order["CurrencyIsoCode"]
    ground.tell("RR04", order["OrderNumber"], int(to_minor(amount, currency)), currency)
