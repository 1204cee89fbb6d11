"""MD06: billing's copy of the price list is not the price list."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def md06_price_rise_not_copied(ground: Ground) -> None:
    """The price book was raised by five percent; billing still lists the old price."""
    price = _list_price(ground)
    entry = next(one for one in ground.world.salesforce["PricebookEntry"].values() if _is_same(ground, one, price))
    ground.used.add(entry["Id"])
    entry["UnitPrice"] = entry["UnitPrice"] * Decimal("1.05")
    _tell(ground, price)


def md06_one_currency_mistyped(ground: Ground) -> None:
    """One of billing's prices, in one currency, is off by a single major unit."""
    price = _list_price(ground)
    minor = price["unit_amount"] + 100
    price.update(unit_amount=minor, unit_amount_decimal=str(minor))
    _tell(ground, price)


def _list_price(ground: Ground) -> Record:
    """A list price in force, of a product that billing still knows by its code, that no other fault has taken."""
    prices = ground.world.stripe["price"]
    listed = {key for key, one in prices.items() if one["active"] and one.get("metadata") and _code(ground, one)}
    key = ground.pick("list price", listed, lambda key: key not in ground.used)
    ground.used.add(key)
    return prices[key]


def _code(ground: Ground, price: Record) -> str | None:
    code: str | None = ground.world.stripe["product"][price["product"]]["metadata"].get("product_code")
    return code


def _is_same(ground: Ground, entry: Record, price: Record) -> bool:
    product = ground.world.salesforce["Product2"][entry["Product2Id"]]
    return bool(product["ProductCode"] == _code(ground, price) and entry["CurrencyIsoCode"] == price["currency"].upper())


def _tell(ground: Ground, price: Record) -> None:
    ground.tell_without_money("MD06", f"{_code(ground, price)}/{price['currency'].upper()}@billing")
