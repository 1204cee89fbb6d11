"""Money of the simulated company: whole minor units inside, decimals at the edges."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

EXPONENT = {"USD": 2, "GBP": 2, "EUR": 2, "JPY": 0}


def half_away(value: Fraction) -> int:
    """Round to a whole number, half away from zero: 2.5 -> 3, -2.5 -> -3."""
    return share(value.numerator, 1, value.denominator)


def share(whole: int, part: int, parts: int) -> int:
    """Whole number of `part` out of `parts`, half away from zero: 100 x 1 / 3 -> 33, 5 x 1 / 2 -> 3."""
    product = whole * part
    amount = (2 * abs(product) + parts) // (2 * parts)
    return -amount if product < 0 else amount


def to_minor(amount: Decimal, currency: str) -> Fraction:
    """Exact minor units of an amount: 12.345 USD -> 1234.5."""
    return Fraction(amount) * Fraction(10 ** EXPONENT[currency])


def to_major(minor: int, currency: str) -> Decimal:
    """Decimal amount of whole minor units: 1234 -> 12.34 USD, 1234 -> 1234 JPY."""
    return Decimal(minor).scaleb(-EXPONENT[currency])


def convert(amount: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Amount at a rate, rounded at the target currency's exponent: 10.01 EUR x 0.85 -> 8.51 GBP."""
    if rate == 1:
        return amount
    return to_major(half_away(to_minor(amount * rate, currency)), currency)


def plain(value: Fraction) -> str:
    """A terminating fraction as plain decimal text: 1250/1 -> "1250", 1/4 -> "0.25"."""
    number = Decimal(value.numerator) / Decimal(value.denominator)
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
