"""What a file may ask of contract lines: what one bills, or when an amount is earned; and the words it may use."""

from __future__ import annotations

import re
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, BeforeValidator, Field, model_validator

from q2c_pipeline.domain.kinds import BillingAnchor, BillingFrequency, BillingTiming, ChargeType, PricePeriod
from q2c_pipeline.orchestration.given.values import (
    Currency,
    Day,
    Exact,
    Moment,
    Strict,
    end_of,
    plain_day,
    refusal,
    start_of,
    without_nulls,
)

_OTHER_NAMES = {
    "semiannual": "semi_annual",
    "half_yearly": "semi_annual",
    "yearly": "annual",
    "annually": "annual",
    "in_advance": "advance",
    "in_arrears": "arrears",
    "bankers": "half_even",
    "custom_months": "custom",
    "second": "by_second",
    "seconds": "by_second",
    "per_second": "by_second",
    "30_360": "thirty_360",
    "30/360": "thirty_360",
    "actual": "actual_days",
    "no_proration": "none",
    "even_month": "even_by_month",
    "straight_line": "daily_straight_line",
    "daily": "daily_straight_line",
    "tiered": "graduated",
    "catch_up": "cumulative_catch_up",
}
_EVERY = re.compile(r"(?:every_|custom_)?(\d{1,4})(?:_?months?)?")


def spelled(value: object) -> object:
    """Words as they are, or by another usual name: semi-annual is semi_annual, second is by_second."""
    plain = re.sub(r"[\s-]+", "_", value.strip().lower()) if isinstance(value, str) else value
    return _OTHER_NAMES.get(plain, plain) if isinstance(plain, str) else value


Frequency = Annotated[BillingFrequency, BeforeValidator(spelled)]
Timing = Annotated[BillingTiming, BeforeValidator(spelled)]
Months = Annotated[int, Field(ge=1, le=1200)]
MONTHS = AliasChoices(
    "billing_period_months",
    "period_months",
    "custom_months",
    "custom_period_months",
    "frequency_months",
    "interval_months",
    "months",
)
Recognition = Annotated[Literal["daily_straight_line", "even_by_month", "by_second", "point_in_time"], BeforeValidator(spelled)]
Rounding = Annotated[Literal["half_up", "half_even"], BeforeValidator(spelled)]
Proration = Annotated[Literal["actual_days", "thirty_360", "by_second", "none"], BeforeValidator(spelled)]


def _anchored(value: object) -> object:
    """`start`, `calendar`, or the first day of earlier periods that the line follows."""
    plain = spelled(value)
    return plain if plain in set(BillingAnchor) else plain_day(value)


Anchor = Annotated[BillingAnchor | date, BeforeValidator(_anchored)]


def check_term(start: date | datetime, end: date | datetime) -> None:
    """Refuse a term that ends before it starts."""
    if end_of(end) <= start_of(start):
        raise refusal(f"a day not before the start {start}", str(end), "end")


def check_discount(discount: Fraction) -> None:
    """Refuse a discount that is no fraction of the price."""
    if not 0 <= discount <= 1:
        raise refusal("a fraction between 0 and 1", str(discount), "discount")


class BilledLine(Strict):
    """A contract line as it is billed."""

    quantity: Exact
    unit_price: Exact
    currency: Currency
    charge_type: Literal["recurring", "one_time"] = "recurring"
    start: Moment
    end: Moment
    billing_frequency: Frequency
    billing_period_months: Months | None = Field(None, validation_alias=MONTHS)
    anchor: Anchor = BillingAnchor.START
    timing: Timing = BillingTiming.ADVANCE
    price_period: PricePeriod
    discount: Exact = Fraction(0)
    discount_start: Day | None = None
    discount_end: Day | None = None

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """A one-time charge has neither term nor periods and need not name them; `5_months` is custom with 5 months."""
        given = without_nulls(given)
        if not isinstance(given, dict):
            return given
        if given.get("charge_type") == ChargeType.ONE_TIME:
            usual = {"billing_frequency": "one_time", "price_period": "once"}
            return usual | ({"end": given["start"]} if "start" in given else {}) | given
        every = _EVERY.fullmatch(str(spelled(given.get("billing_frequency"))))
        return given | {"billing_frequency": "custom", "billing_period_months": int(every[1])} if every else given

    @model_validator(mode="after")
    def _agree(self) -> Self:
        check_term(self.start, self.end)
        check_discount(self.discount)
        is_custom = self.billing_frequency is BillingFrequency.CUSTOM
        if is_custom != (self.billing_period_months is not None):
            expected = "a number of months" if is_custom else "nothing, the frequency being another than 'custom'"
            raise refusal(expected, self.billing_period_months, "billing_period_months")
        if isinstance(self.anchor, date) and self.anchor > start_of(self.start).date():
            raise refusal(f"a day not after the start {self.start}", str(self.anchor), "anchor")
        return self

    @property
    def has_discount_window(self) -> bool:
        """Whether the discount is not for the whole term."""
        return self.discount_start is not None or self.discount_end is not None


class EarnedLine(Strict):
    """An amount that is earned over a term, from the later of its start and its activation; or at once, on its delivery."""

    total: Exact
    currency: Currency
    start: Moment
    end: Moment
    activated: Moment | None = Field(None, validation_alias=AliasChoices("activated", "activated_at", "activation"))
    delivered: Day | None = Field(None, validation_alias=AliasChoices("delivered", "delivery", "delivery_date"))

    @model_validator(mode="after")
    def _agree(self) -> Self:
        check_term(self.start, self.end)
        return self


class BillingPolicy(Strict):
    """Conventions of the source that bills."""

    proration: Proration = "actual_days"
    rounding: Rounding = "half_up"


class RevenuePolicy(Strict):
    """Conventions by which revenue is recognised."""

    recognition: Recognition
    rounding: Rounding = "half_up"


class Case(Strict):
    """A question and its name; a note and an expected answer may stand beside it."""

    id: str | int
    note: Any = None
    expected: Any = None


class BillingCase(Case):
    """What would this line bill?"""

    line: BilledLine
    policy: BillingPolicy = BillingPolicy()


class RevenueCase(Case):
    """When would this amount be earned?"""

    line: EarnedLine
    policy: RevenuePolicy

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """What is earned at once needs no end."""
        line, policy = (given.get("line"), given.get("policy")) if isinstance(given, dict) else (None, None)
        if not isinstance(line, dict) or not isinstance(policy, dict) or policy.get("recognition") != "point_in_time":
            return given
        return given | {"line": {"end": line.get("start")} | without_nulls(line)}
