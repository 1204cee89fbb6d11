"""Exponents and rounding of money: the one place in Python that knows them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from iso4217 import Currency


@cache
def exponents() -> dict[str, int]:
    """Digits after the point of every ISO 4217 currency that has any: USD 2, JPY 0, KWD 3."""
    return {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round half away from zero at the currency's exponent: 2.345 USD -> 2.35, -0.5 JPY -> -1."""
    return amount.quantize(Decimal(1).scaleb(-exponents()[currency]), rounding=ROUND_HALF_UP)
