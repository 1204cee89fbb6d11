"""Business days of a country or a part of it: weekends and public holidays do not count."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from holidays import HolidayBase, country_holidays

_WEEKEND = (5, 6)


@lru_cache(maxsize=100_000)
def due_date(calendar: str | None, found: date, business_days: int) -> date:
    """The day that many business days after `found`: 1 day after Friday 2026-04-03 is Monday, in Germany (Easter) Tuesday.

    Without a calendar only weekends do not count.
    """
    day, left = found, business_days
    while left:
        day += timedelta(days=1)
        left -= is_business_day(calendar, day)
    return day


def is_business_day(calendar: str | None, day: date) -> bool:
    """Whether people work on that day there."""
    if calendar is None:
        return day.weekday() not in _WEEKEND
    return _holidays(calendar).is_working_day(day)


@lru_cache
def _holidays(calendar: str) -> HolidayBase:
    """The holidays of a country; none of one that the library does not know."""
    country, _, subdivision = calendar.partition("-")
    try:
        return country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:
        return HolidayBase()
