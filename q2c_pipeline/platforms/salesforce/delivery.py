"""Reads one object's window whole: REST for a few records, Bulk for many, again if the org says that some are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from q2c_pipeline.landing.draft import Draft, FlatRecord
from q2c_pipeline.landing.manifest import Check, Window
from q2c_pipeline.platforms.salesforce import soql
from q2c_pipeline.platforms.salesforce.client import OrgClient, RefusedQueryError
from q2c_pipeline.platforms.salesforce.shape import Shape

LONGEST_REST_QUERY = 8_000
"""Characters of SOQL that still fit into an address line."""
_ATTEMPTS = 2


@dataclass(frozen=True)
class Delivery:
    """How the records of a window came, with the count that the org gave for it."""

    check: Check
    by_bulk: bool


def read_window(client: OrgClient, shape: Shape, window: Window, bulk_threshold: int, draft: Draft) -> Delivery:
    """All records of the window into `draft`, each once, the recycle bin included."""
    expected, by_bulk = 0, False
    for _ in range(_ATTEMPTS):
        draft.restart()
        before = _count(client, shape, window)
        query = soql.rows(shape.name, shape.columns, soql.within(window))
        by_bulk = before > bulk_threshold or len(query) > LONGEST_REST_QUERY
        if before:
            _take(draft, _rows(client, shape, query, window, by_bulk=by_bulk), window.until)
        after = before if draft.height == before else _count(client, shape, window)
        # Records may leave the window while it is read: anything between the two counts is whole.
        low, high = sorted((before, after))
        expected = min(max(draft.height, low), high)
        if expected == draft.height:
            break
    return Delivery(Check("records in the window", str(expected), str(draft.height)), by_bulk)


def ids(client: OrgClient, shape: Shape, where: str, expected: int, bulk_threshold: int) -> set[str]:
    """Ids of the living records that `where` describes."""
    query = soql.rows(shape.name, ["Id"], where)
    if expected > bulk_threshold:
        found = client.bulk_rows(shape.name, query, shape.types, deleted=False)
    else:
        found = client.rows(query, deleted=False)
    return {str(record["Id"]) for record in found}


def moment(text: str | None) -> datetime:
    """A stamp as REST (+0000) or Bulk (Z) prints it."""
    return datetime.fromisoformat(str(text))


def _count(client: OrgClient, shape: Shape, window: Window) -> int:
    return client.count(soql.count(shape.name, soql.within(window)), deleted=True)


def _take(draft: Draft, rows: Iterator[FlatRecord], until: datetime) -> None:
    """Each record once, in its last state; one that changed past the cut-off while it was read belongs to the next run."""
    late: set[str] = set()

    def noted() -> Iterator[FlatRecord]:
        for record in rows:
            if moment(record["SystemModstamp"]) >= until:
                late.add(str(record["Id"]))
            yield record

    draft.add(noted())
    draft.keep_last("Id")
    if late:
        draft.drop(pl.col("Id").is_in(list(late)))


def _rows(client: OrgClient, shape: Shape, query: str, window: Window, *, by_bulk: bool) -> Iterator[FlatRecord]:
    if by_bulk:
        return client.bulk_rows(shape.name, query, shape.types, deleted=True)
    return _resumed(client, shape, query, window)


def _resumed(client: OrgClient, shape: Shape, query: str, window: Window) -> Iterator[FlatRecord]:
    """Rows by REST; an expired cursor goes on from the last stamp seen, a query that takes too long becomes a Bulk job."""
    last: str | None = None
    try:
        for record in client.rows(query, deleted=True):
            last = record["SystemModstamp"]
            yield record
    except RefusedQueryError as error:
        if error.code == "QUERY_TIMEOUT":
            yield from client.bulk_rows(shape.name, query, shape.types, deleted=True)
        elif error.code == "INVALID_QUERY_LOCATOR" and last is not None:
            rest = Window(moment(last), window.until)
            yield from _resumed(client, shape, soql.rows(shape.name, shape.columns, soql.within(rest)), rest)
        else:
            raise
