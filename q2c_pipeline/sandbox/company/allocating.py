"""An order's price is allocated over its lines by what each product costs by itself, which is its list price."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.money import half_away, to_major, to_minor

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record

MONTH_IN_YEARS = 12


def allocate(world: World) -> None:
    """Write the allocation on the lines of every order that sells or changes several things at once."""
    for lines in (*bundles(world).values(), *changes(world).values()):
        currency = world.salesforce["Order"][lines[0]["OrderId"]]["CurrencyIsoCode"]
        less = [line for line in lines if line["OriginalOrderItemId"] and line["Quantity"] < 0]
        for part in (less, [line for line in lines if line not in less]):
            for line, share in zip(part, shares(part, currency), strict=True):
                line["Allocated_Amount__c"] = share


def bundles(world: World) -> dict[str, list[Record]]:
    """Activated orders with several new lines that are not metered, by order number, lines in the order of their ids."""
    return {number: lines for number, lines in _several(world).items() if not any(one["OriginalOrderItemId"] for one in lines)}


def changes(world: World) -> dict[str, list[Record]]:
    """Activated orders with several lines of which any changes an earlier one: what it takes away is shared by itself."""
    return {number: lines for number, lines in _several(world).items() if any(one["OriginalOrderItemId"] for one in lines)}


def _several(world: World) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for line in sorted(world.salesforce["OrderItem"].values(), key=lambda one: one["Id"]):
        order = world.salesforce["Order"][line["OrderId"]]
        if order["Status"] == "Activated" and line["Charge_Type__c"] != "Usage":
            found[order["OrderNumber"]].append(line)
    return {number: lines for number, lines in found.items() if len(lines) > 1}


def shares(lines: list[Record], currency: str) -> list[Decimal]:
    """Shares of the order's price, rounded once, the last takes the rest: 100.00 for 50, 25 and 75 -> 33.33, 16.67, 50.00."""
    if not lines:
        return []
    price = sum(to_minor(line["TotalPrice"], currency) for line in lines)
    weights = [_weight(line) for line in lines]
    rounded = [half_away(Fraction(price) * weight / sum(weights)) for weight in weights[:-1]]
    return [to_major(share, currency) for share in (*rounded, int(price) - sum(rounded))]


def _weight(line: Record) -> Fraction:
    """Quantity x list price, for the days of the line where the price is of a period; a month is a twelfth of 365 days."""
    whole = Fraction(abs(line["Quantity"])) * Fraction(line["ListPrice"])
    days = (line["EndDate"] - line["ServiceDate"]).days + 1
    if line["Charge_Type__c"] == "One-Time" or line["Price_Period__c"] in {"Once", "Unit"}:
        return whole * 365
    return Fraction(whole * days * (MONTH_IN_YEARS if line["Price_Period__c"] == "Month" else 1))
