"""Calendar arithmetic of the simulated company."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """Move by calendar months, clipping at the month's end: 31 January + 1 = 28 February."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, calendar.monthrange(year, month0 + 1)[1]))


def month_start(day: date) -> date:
    """First day of the month of `day`."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Last day of the month of `day`."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def at(day: date, hour: int, second: int = 0) -> datetime:
    """The instant `second` seconds after `hour` o'clock UTC, kept inside that hour."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) + timedelta(seconds=second % 3600)


def midnight(day: date) -> datetime:
    """The first instant of `day`, as billing periods are cut."""
    return at(day, 0)
