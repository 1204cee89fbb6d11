"""Questions as rows of the tables that the nightly run maps its contracts to."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from q2c_pipeline.domain.kinds import BillingAnchor, ChargeType
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.orchestration.given.usage import UsageCase
from q2c_pipeline.orchestration.given.values import end_of, start_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from q2c_pipeline.orchestration.given.lines import BilledLine, BillingCase, EarnedLine, RevenueCase
    from q2c_pipeline.orchestration.given.usage import UsedLine

Row = dict[str, Any]
_SCALE = 10**8
"""Parts of one in a quantity or price of the tables."""
_STAND_IN = 10**7
_PARTS_LIMIT = 10**15
_LARGEST = 10**16
"""Amounts of the tables have 16 digits before the point."""


class Convention(NamedTuple):
    """How the source of a question counts and rounds."""

    proration: str
    rounding: str
    recognition: str | None
    modification: str | None = None


class Facts(NamedTuple):
    """One question: its convention, its rows by table, stand-alone prices by product and currency, and prices of bundles."""

    convention: Convention
    rows: dict[str, list[Row]]
    prices: Sequence[tuple[str, str, Decimal | None]] = ()
    bundles: Sequence[tuple[str, str, str, Decimal]] = ()


class Terms(NamedTuple):
    """A line's price in numbers that the tables hold: quantity x price x (1 - numerator / denominator)."""

    quantity: Decimal
    unit_price: Decimal
    numerator: int
    denominator: int


def billed(case: BillingCase, number: int) -> Facts:
    """A contract with the line that is to be billed; one that follows earlier periods amends a line that is no longer counted."""
    convention = Convention(case.policy.proration, case.policy.rounding, None)
    line = _billed_line(str(case.id), case.line)
    if isinstance(case.line.anchor, BillingAnchor):
        return Facts(convention, _sold(line))
    key = f"{number}/before"
    before = line | {"source_id": key, "contract_source_id": key, "contract_status": "draft", "start_date": case.line.anchor}
    before |= {"service_start_at": None}
    line |= {"amends_line_source_id": key, "amends_contract_source_id": key}
    return Facts(convention, {"contract": [before, line], "contract_line": [before, line]})


def earned(case: RevenueCase) -> Facts:
    """A contract with a charge made once, at the start of the term over which it is earned."""
    convention = Convention("actual_days", case.policy.rounding, case.policy.recognition)
    return Facts(convention, _sold(_earned_line(str(case.id), case.line, case.policy.recognition)))


def used(case: UsageCase, number: int) -> Facts:
    """A contract with a usage line, its tiers, the meter it is billed by, and what the meter counted."""
    name, line, key = str(case.id), case.line, str(number)
    _check_usage(name, line)
    subscribed = {"source_id": key, "account_source_id": key, "subscription_source_id": key, "meter_source_id": key}
    subscribed |= {"subscription_status": "active", "currency": line.currency, "claimed_contract_line_id": key}
    tiers = [
        {
            "source_id": f"{key}/{n}",
            "contract_line_source_id": key,
            "tier_number": n,
            "from_quantity": decimal_of(tier.from_quantity),
            "up_to_quantity": None if tier.up_to_quantity is None else decimal_of(tier.up_to_quantity),
            "unit_price": decimal_of(tier.unit_price),
            "flat_amount": decimal_of(tier.flat_amount),
            "package_size": _optional(tier.package_size),
        }
        for n, tier in enumerate(line.tiers, 1)
    ]
    use = [
        {
            "source_id": f"{key}/{n}",
            "account_source_id": key,
            "meter_source_id": key,
            "usage_start_date": one.start,
            "usage_end_date": one.end,
            "quantity": decimal_of(one.quantity),
        }
        for n, one in enumerate(line.usage, 1)
    ]
    rows: dict[str, list[Row]] = {
        "subscription": [subscribed],
        "subscription_line": [subscribed],
        "contract_tier": tiers,
        "usage": use,
    }
    return Facts(Convention("actual_days", case.policy.rounding, None), _sold(_used_line(line)) | rows)


def _sold(line: Row) -> dict[str, list[Row]]:
    return {"contract": [line], "contract_line": [line]}


def _billed_line(where: str, line: BilledLine) -> Row:
    terms = terms_of(where, line.quantity, line.unit_price, line.discount, can_fold=not line.has_discount_window)
    months = line.billing_period_months or 12
    check_amount(where, line.quantity * line.unit_price, line.start, line.end, months)
    return dated(line.currency, terms, line.start, line.end) | {
        "charge_type": line.charge_type,
        "billing_frequency": line.billing_frequency.value,
        "billing_period_months": line.billing_period_months,
        "billing_anchor": line.anchor.value if isinstance(line.anchor, BillingAnchor) else "start",
        "billing_timing": line.timing.value,
        "price_period": line.price_period.value,
        "discount_start_date": line.discount_start,
        "discount_end_date": line.discount_end,
    }


def _earned_line(where: str, line: EarnedLine, recognition: str) -> Row:
    start, end = line.start, line.end
    if recognition == "point_in_time" and line.delivered is not None:
        start = end = line.delivered
    terms = terms_of(where, Fraction(1), line.total, Fraction(0))
    check_amount(where, line.total / 12, start, start, 0)
    return dated(line.currency, terms, start, end) | ONCE | {"activated_at": line.activated and start_of(line.activated)}


ONCE = {
    "charge_type": ChargeType.ONE_TIME.value,
    "billing_frequency": "one_time",
    "billing_anchor": "start",
    "billing_timing": "advance",
    "price_period": "once",
}


def _used_line(line: UsedLine) -> Row:
    model = line.usage_model
    terms = Terms(Decimal(1), decimal_of(line.unit_price), line.discount.numerator, line.discount.denominator)
    return dated(line.currency, terms, line.start, line.end) | {
        "charge_type": line.charge_type,
        "billing_frequency": "monthly",
        "billing_anchor": "calendar",
        "billing_timing": "arrears",
        "price_period": "unit",
        "usage_model": model and model.value,
        "included_quantity": _optional(line.included_quantity),
        "package_size": _optional(line.package_size),
        "minimum_commitment": _optional(line.minimum_commitment),
    }


def dated(currency: str, terms: Terms, first: date | datetime, last: date | datetime) -> Row:
    """What contract and line share, with dates and, where given, instants."""
    start, end = start_of(first), end_of(last)
    return {
        "contract_status": "activated",
        "currency": currency,
        "quantity": terms.quantity,
        "unit_price": terms.unit_price,
        "discount_numerator": terms.numerator,
        "discount_denominator": terms.denominator,
        "start_date": start.date(),
        "end_date": (end - timedelta(seconds=1)).date(),
        "service_start_at": start if isinstance(first, datetime) else None,
        "service_end_at": end if isinstance(last, datetime) else None,
    }


def terms_of(where: str, quantity: Fraction, price: Fraction, discount: Fraction, *, can_fold: bool = True) -> Terms:
    """The numbers as they are where the tables hold them, else others of equal product: 100/3 is 10^7 x 0.00001 x (1 - 2/3)."""
    for many, each in ((quantity, price), (quantity * price, Fraction(1))):
        if _fits(many) and _fits(each) and discount.denominator <= _SCALE:
            return Terms(decimal_of(many), decimal_of(each), discount.numerator, discount.denominator)
    worth = quantity * price * (1 - discount)
    if not can_fold or worth.denominator > _PARTS_LIMIT or abs(worth) * worth.denominator >= _SCALE * _STAND_IN:
        raise ConfigurationError(
            expected="quantity, price and discount of at most 8 digits before and after the point, or a product of 15",
            found=f"{quantity} x {price} x (1 - {discount})",
            where=where,
            next_step="give it as several lines, or with fewer digits",
        )
    sign, parts = (-1 if worth < 0 else 1), worth.denominator
    return Terms(Decimal(sign * _STAND_IN), decimal_of(abs(worth) * parts / _STAND_IN), parts - 1, parts)


def check_amount(where: str, monthly: Fraction, start: date | datetime, end: date | datetime, period_months: int) -> None:
    """Refuse what the tables' amounts could not hold; without it one large line would stop all others."""
    months = (end.year - start.year + 1) * 12 + period_months
    if abs(monthly) * months >= _LARGEST:
        raise ConfigurationError(
            expected="amounts of at most 16 digits before the point",
            found=f"{float(abs(monthly) * months):.3g} in all",
            where=where,
            next_step="give it as several lines",
        )


def _check_usage(where: str, line: UsedLine) -> None:
    packages = [line.package_size, *(tier.package_size for tier in line.tiers)]
    quantities = [line.included_quantity, *packages, *(use.quantity for use in line.usage)]
    limits = [limit for tier in line.tiers for limit in (tier.from_quantity, tier.up_to_quantity)]
    prices = [line.unit_price, *(tier.unit_price for tier in line.tiers)]
    amounts = [line.minimum_commitment, *(tier.flat_amount for tier in line.tiers)]
    wrong = [one for one in (*quantities, *limits, *prices) if one is not None and not _fits(one)]
    wrong += [one for one in amounts if one is not None and (abs(one) >= _LARGEST or 10**4 % one.denominator)]
    if wrong or line.discount.denominator > _SCALE:
        raise ConfigurationError(
            expected="quantities and prices of at most 8 digits before and after the point, amounts of 16 and 4",
            found=str(wrong[0] if wrong else line.discount),
            where=where,
            next_step="give it with fewer digits",
        )


def _fits(number: Fraction) -> bool:
    return abs(number) < _SCALE and _SCALE % number.denominator == 0


def decimal_of(number: Fraction) -> Decimal:
    """A number of at most 8 decimals as the tables hold it."""
    return Decimal(number.numerator * _SCALE // number.denominator).scaleb(-8)


def _optional(number: Fraction | None) -> Decimal | None:
    return None if number is None else decimal_of(number)
