"""A file of contract lines and the policy each is judged by: read strictly, every mistake named by its id and field."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from q2c_pipeline.domain.kinds import BillingAnchor, BillingFrequency, BillingTiming, ChargeType, PricePeriod
from q2c_pipeline.domain.money import exponents
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.settings import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?(/\d{1,30})?")
_OTHER_NAMES = {
    "semiannual": "semi_annual",
    "half_yearly": "semi_annual",
    "yearly": "annual",
    "custom_months": "custom",
    "second": "by_second",
    "seconds": "by_second",
    "30_360": "thirty_360",
    "even_month": "even_by_month",
}
_EVERY = re.compile(r"(?:every_|custom_)?(\d{1,4})(?:_?months?)?")
_LAST_YEAR = 9000
"""Beyond it no due date of a long term could be written any more."""


def _refusal(expected: str, value: object, field: str = "") -> PydanticCustomError:
    """A mistake; `field` names its place where a check of the whole line finds it."""
    facts = {"expected": expected, "found": repr(value)[:80], "field": field}
    return PydanticCustomError("given", "{expected}, found {found}", facts)


def _exact(value: object) -> Fraction:
    """'0.125', '1/3' and 12 as exact fractions; a binary float cannot be meant and is never seen (JSON is read as text)."""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if _NUMBER.fullmatch(text.strip()) is None or re.search(r"/0+$", text.strip()):
        raise _refusal("a number such as '19.99' or '1/3'", value)
    top, _, bottom = text.strip().partition("/")
    return Fraction(top) / Fraction(bottom or 1)


def _moment(value: object) -> date | datetime:
    """'2026-01-31', or an instant such as '2026-01-31T12:00:00Z' (UTC unless it says otherwise)."""
    try:
        found: date | datetime
        if isinstance(value, str) and len(value) == len("2026-01-31"):
            found = date.fromisoformat(value)
        elif isinstance(value, str):
            found = datetime.fromisoformat(value)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
            found = found.replace(microsecond=0)
        else:
            raise _refusal("a date such as '2026-01-31'", value)
    except (ValueError, OverflowError) as error:
        raise _refusal("a date such as '2026-01-31'", value) from error
    if not 1 < found.year < _LAST_YEAR:
        raise _refusal(f"a year before {_LAST_YEAR}", value)
    return found


def _day(value: object) -> date:
    found = _moment(value)
    if isinstance(found, datetime):
        raise _refusal("a date such as '2026-01-31'", value)
    return found


def _spelled(value: object) -> object:
    """Words as they are, or by another usual name: semiannual is semi_annual, second is by_second."""
    return _OTHER_NAMES.get(value, value) if isinstance(value, str) else value


def _currency(value: object) -> str:
    if not isinstance(value, str) or value not in exponents():
        raise _refusal("an ISO 4217 currency with an exponent", value)
    return value


Exact = Annotated[Fraction, BeforeValidator(_exact)]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[date | datetime, BeforeValidator(_moment)]
Currency = Annotated[str, BeforeValidator(_currency)]
Frequency = Annotated[BillingFrequency, BeforeValidator(_spelled)]
Months = Annotated[int, Field(ge=1, le=1200)]
MONTHS = AliasChoices("billing_period_months", "period_months", "custom_months", "months")
Recognition = Literal["daily_straight_line", "even_by_month", "by_second", "point_in_time"]
Rounding = Literal["half_up", "half_even"]


def start_of(moment: date | datetime) -> datetime:
    """The instant at which a term begins: midnight of a date."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


def end_of(moment: date | datetime) -> datetime:
    """The instant before which a term ends: the midnight after a date, an instant itself."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC) + timedelta(days=1)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class BilledLine(_Strict):
    """A contract line as it is billed."""

    quantity: Exact
    unit_price: Exact
    currency: Currency
    charge_type: Literal["recurring", "one_time"]
    start: Moment
    end: Moment
    billing_frequency: Frequency
    billing_period_months: Months | None = Field(None, validation_alias=MONTHS)
    anchor: BillingAnchor
    timing: BillingTiming
    price_period: PricePeriod
    discount: Exact
    discount_start: Day | None = None
    discount_end: Day | None = None

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """A one-time charge has neither term nor periods and need not name them; `5_months` is custom with 5 months."""
        if not isinstance(given, dict):
            return given
        if given.get("charge_type") == ChargeType.ONE_TIME:
            usual = {"billing_frequency": "one_time", "anchor": "start", "timing": "advance", "price_period": "once"}
            return usual | ({"end": given["start"]} if "start" in given else {}) | {"discount": "0"} | given
        every = _EVERY.fullmatch(str(given.get("billing_frequency")))
        return given | {"billing_frequency": "custom", "billing_period_months": int(every[1])} if every else given

    @model_validator(mode="after")
    def _agree(self) -> Self:
        _check_term(self.start, self.end)
        if not 0 <= self.discount <= 1:
            raise _refusal("a fraction between 0 and 1", str(self.discount), "discount")
        is_custom = self.billing_frequency is BillingFrequency.CUSTOM
        if is_custom != (self.billing_period_months is not None):
            expected = "a number of months" if is_custom else "nothing, the frequency being another than 'custom'"
            raise _refusal(expected, self.billing_period_months, "billing_period_months")
        return self

    @property
    def has_discount_window(self) -> bool:
        """Whether the discount is not for the whole term."""
        return self.discount_start is not None or self.discount_end is not None


class EarnedLine(_Strict):
    """An amount that is earned over a term."""

    total: Exact
    currency: Currency
    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _agree(self) -> Self:
        _check_term(self.start, self.end)
        return self


def _check_term(start: date | datetime, end: date | datetime) -> None:
    if end_of(end) <= start_of(start):
        raise _refusal(f"a day not before the start {start}", str(end), "end")


class BillingPolicy(_Strict):
    """Conventions of the source that bills."""

    proration: Annotated[Literal["actual_days", "thirty_360", "by_second"], BeforeValidator(_spelled)]
    rounding: Rounding


class RevenuePolicy(_Strict):
    """Conventions by which revenue is recognised."""

    recognition: Annotated[Recognition, BeforeValidator(_spelled)]
    rounding: Rounding = "half_up"


class _Case(_Strict):
    id: str
    note: Any = None
    expected: Any = None


class BillingCase(_Case):
    """A question: what would this line bill?"""

    line: BilledLine
    policy: BillingPolicy


class RevenueCase(_Case):
    """A question: when would this amount be earned?"""

    line: EarnedLine
    policy: RevenuePolicy


C = TypeVar("C", bound=_Case)


def read_billing(file: Path) -> list[BillingCase]:
    """The questions of a file; raises ConfigurationError naming the id and field of the first mistake."""
    return [_checked(BillingCase, case, n, file) for n, case in enumerate(_listed(file), 1)]


def read_revenue(file: Path) -> list[RevenueCase]:
    """The questions of a file; raises ConfigurationError naming the id and field of the first mistake."""
    return [_checked(RevenueCase, case, n, file) for n, case in enumerate(_listed(file), 1)]


def _listed(file: Path) -> list[object]:
    try:
        given = json.loads(file.read_text(encoding="utf-8"), parse_float=str, parse_constant=str)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValueError) as error:
        raise ConfigurationError(
            expected="a readable JSON file", found=str(error), where=file.name, next_step="correct the path or the file"
        ) from error
    if not isinstance(given, list):
        raise ConfigurationError(
            expected='a JSON list of {"id", "line", "policy"}',
            found=f"a JSON {type(given).__name__}",
            where=file.name,
            next_step="write the cases as one list",
        )
    return given


def _checked(model: type[C], case: object, number: int, file: Path) -> C:
    try:
        return model.model_validate(case)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = case.get("id") if isinstance(case, dict) else None
        where = f"{file.name}: {name or f'case {number}'}"
        raise _explained(first["type"], ".".join(map(str, first["loc"])), dict(first), where, model) from None


def _explained(kind: str, field: str, error: dict[str, Any], where: str, model: type[BaseModel]) -> ConfigurationError:
    place = f"{where}: {field}" if field else where
    if kind == "missing":
        return ConfigurationError(expected=f"the field '{field}'", found="nothing", where=where, next_step="add it")
    if kind == "extra_forbidden":
        name, known = field.rsplit(".", 1)[-1], _fields_beside(field, model)
        return ConfigurationError(expected="a known field", found=f"'{name}'", where=place, next_step=did_you_mean(name, known))
    if kind == "given":
        said = error["ctx"]
        place = f"{place}.{said['field']}" if said["field"] else place
        return ConfigurationError(expected=said["expected"], found=said["found"], where=place, next_step="correct the value")
    expected = str(error["msg"]).removeprefix("Input should be ")
    return ConfigurationError(expected=expected, found=repr(error["input"])[:80], where=place, next_step="correct the value")


def _fields_beside(field: str, model: type[BaseModel]) -> list[str]:
    section: type[BaseModel] = model
    for part in field.split(".")[:-1]:
        inner = section.model_fields[part].annotation if part in section.model_fields else None
        section = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else section
    return list(section.model_fields)
