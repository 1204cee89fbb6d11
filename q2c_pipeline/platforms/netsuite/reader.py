"""Reads all rows of an object that meet a condition: by spans of ids, several at once, page after page in key order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl

from q2c_pipeline.landing.draft import Draft, FlatRecord
from q2c_pipeline.platforms.netsuite.client import PAGE_ROWS, Row, SuiteClient
from q2c_pipeline.platforms.netsuite.queries import (
    Source,
    Span,
    among,
    beyond,
    both,
    changed_query,
    extent_query,
    in_span,
    newest_query,
    page_query,
)

SPAN_ROWS = 20_000
"""Rows that one span should hold: far below the 100,000 that NetSuite lets one query return."""
_ROUNDS = 3
_IDS_AT_ONCE = 500
_OWNER = pl.col("id").str.extract("^([^/]+)")
"""The record whose change a row follows: '7/0/1' is a line of 7, '7' is its own."""


class Reader:
    """Reads one object; `columns` gives the SELECT expression for each landed field."""

    def __init__(self, client: SuiteClient, source: Source, columns: Mapping[str, str]) -> None:
        self._client, self._source, self._columns = client, source, dict(columns)
        self._aliases = [(f"f{number}", vendor) for number, vendor in enumerate(columns)]

    def read(self, condition: str) -> Iterator[FlatRecord]:
        """All rows that meet the condition, in the order of their key."""
        extent = self._client.one(extent_query(self._source, condition))
        count = int(extent["n"])
        if not count:
            return
        whole = Span(int(extent["low"]) - 1, int(extent["high"]))
        spans = self._split(whole, count, condition)
        for rows in self._client.at_once(lambda span: self._pages(both(condition, in_span(self._source, span))), spans):
            yield from rows

    def read_settled(self, condition: str, draft: Draft) -> None:
        """The same into `draft`; what was changed while reading is read again, so that no record is torn between two states."""
        newest = self._client.one(newest_query(self._source)).get("newest")
        draft.add(self.read(condition))
        for _ in range(_ROUNDS):
            moved = self._changed_after(newest) if newest else {}
            if not moved:
                break
            newest = max(moved.values())
            if draft.height:
                draft.drop(_OWNER.is_in([str(owner) for owner in moved]))
            draft.add(self._read_owners(condition, sorted(moved)))

    def _read_owners(self, condition: str, owners: Sequence[int]) -> Iterator[FlatRecord]:
        for start in range(0, len(owners), _IDS_AT_ONCE):
            yield from self.read(both(condition, among(self._source, owners[start : start + _IDS_AT_ONCE])))

    def _split(self, span: Span, count: int, condition: str) -> Iterator[Span]:
        """Halve a span until each part holds few enough rows; ids are not evenly spread, so each half is counted."""
        if count <= SPAN_ROWS or span.high - span.low <= 1:
            yield span
            return
        middle = (span.low + span.high) // 2
        lower, upper = Span(span.low, middle), Span(middle, span.high)
        below = int(self._client.one(extent_query(self._source, both(condition, in_span(self._source, lower))))["n"])
        yield from self._split(lower, below, condition)
        yield from self._split(upper, count - below, condition)

    def _pages(self, condition: str) -> list[FlatRecord]:
        key = self._source.key
        rows = pages(self._client, key, lambda after: page_query(self._source, self._columns, both(condition, after)))
        return list(map(self._record, rows))

    def _record(self, row: Row) -> FlatRecord:
        return {vendor: row.get(alias) for alias, vendor in self._aliases}

    def _changed_after(self, stamp: str) -> dict[int, str]:
        table = self._source.changed_table
        later = f"{table}.lastmodifieddate > TO_DATE('{stamp}', 'YYYY-MM-DD HH24:MI:SS')"
        rows = pages(self._client, (f"{table}.id",), lambda after: changed_query(table, both(later, after)))
        return {int(row["k0"]): row["stamp"] for row in rows}


def pages(client: SuiteClient, key: Sequence[str], query: Callable[[str], str]) -> Iterator[Row]:
    """Rows page after page: each query asks for what lies beyond the last row seen, so nothing shifts under it."""
    after = ""
    while True:
        rows = client.page(query(after))
        yield from rows
        if len(rows) < PAGE_ROWS:
            return
        after = beyond(key, [int(rows[-1][f"k{number}"]) for number in range(len(key))])
