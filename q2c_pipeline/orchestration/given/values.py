"""Values of a question in a file: exact numbers, dates, instants, currencies; what is not meant is refused in words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from q2c_pipeline.domain.money import exponents

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?((/\d{1,30})|( ?%))?")
_LAST_YEAR = 9000
"""Beyond it no due date of a long term could be written any more."""


def refusal(expected: str, value: object, field: str = "") -> PydanticCustomError:
    """A mistake; `field` names its place where a check of the whole line finds it."""
    facts = {"expected": expected, "found": repr(value)[:80], "field": field}
    return PydanticCustomError("given", "{expected}, found {found}", facts)


def _exact(value: object) -> Fraction:
    """'0.125', '12.5 %', '1/3' and 12 as exact fractions; no binary float is ever seen, JSON being read as text."""
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if _NUMBER.fullmatch(text) is None or re.search(r"/0+$", text):
        raise refusal("a number such as '19.99' or '1/3'", value)
    top, _, bottom = text.removesuffix("%").strip().partition("/")
    return Fraction(top) / Fraction(bottom or 1) / (100 if text.endswith("%") else 1)


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
            raise refusal("a date such as '2026-01-31'", value)
    except (ValueError, OverflowError) as error:
        raise refusal("a date such as '2026-01-31'", value) from error
    if not 1 < found.year < _LAST_YEAR:
        raise refusal(f"a year before {_LAST_YEAR}", value)
    return found


def plain_day(value: object) -> date:
    """'2026-01-31' as a date; an instant is refused."""
    found = _moment(value)
    if isinstance(found, datetime):
        raise refusal("a date such as '2026-01-31'", value)
    return found


def _currency(value: object) -> str:
    if not isinstance(value, str) or value not in exponents():
        raise refusal("an ISO 4217 currency with an exponent", value)
    return value


Exact = Annotated[Fraction, BeforeValidator(_exact)]
Day = Annotated[date, BeforeValidator(plain_day)]
Moment = Annotated[date | datetime, BeforeValidator(_moment)]
Currency = Annotated[str, BeforeValidator(_currency)]


def start_of(moment: date | datetime) -> datetime:
    """The instant at which a term begins: midnight of a date."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


def end_of(moment: date | datetime) -> datetime:
    """The instant before which a term ends: the midnight after a date, an instant itself."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC) + timedelta(days=1)


def without_nulls(given: Any) -> Any:
    """A field that says null is as one that is not there."""
    return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given


class Strict(BaseModel):
    """Part of a question: every field is known, or refused by its name."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        return without_nulls(given)
