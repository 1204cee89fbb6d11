"""Lays an exception's records side by side: what was booked, what was billed, what was posted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import zip_longest
from typing import Any

import polars as pl

SIDES = ("booked", "billed", "posted")
Record = Mapping[str, Any]
Line = tuple[Record | None, Record | None, Record | None]
"""Records that stand for the same service period, one a side; a side without one is None."""


def side_by_side(records: pl.DataFrame) -> dict[str, list[Line]]:
    """Exception id -> its lines, by service period; records of a side beyond the other's get lines of their own."""
    grouped: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records.iter_rows(named=True):
        grouped[record["exception_id"]][record["side"]].append(record)
    return {exception_id: _lines(sides) for exception_id, sides in grouped.items()}


def _lines(sides: Mapping[str, Iterable[Record]]) -> list[Line]:
    periods: dict[date, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for side, found in sides.items():
        for record in found:
            periods[record["service_start_date"] or date.max][side].append(record)
    return [
        (booked, billed, posted)
        for _, period in sorted(periods.items())
        for booked, billed, posted in zip_longest(*(period[side] for side in SIDES))
    ]
