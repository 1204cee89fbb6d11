"""The SuiteQL that reads an object: columns, windows, positions. Text only; nothing is sent here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.landing.manifest import Window

DAY, MOMENT = "YYYY-MM-DD", "YYYY-MM-DD HH24:MI:SS"
_COLUMN = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$")


@dataclass(frozen=True)
class Source:
    """How one landed object is asked for.

    `key` orders the rows and never changes for a row, so that no edit during the reading can skip or repeat one; its first
    part is the id of the record whose `stamp` tells changes (a line has its header's). `identity` is the SQL of the row's id.
    """

    name: str
    key: tuple[str, ...]
    stamp: str
    identity: str
    joins: str = ""
    only: str = ""
    header: str = ""
    sums: tuple[str, ...] = ()
    shown: frozenset[str] = frozenset()
    deleted_types: tuple[str, ...] = ()

    @property
    def changed_table(self) -> str:
        """The table whose stamp tells that a row changed."""
        return self.header or self.name

    @property
    def tables(self) -> str:
        """The FROM clause without its first word."""
        return f"{self.name} {self.joins}".strip()


@dataclass(frozen=True)
class Span:
    """Ids above `low` up to `high`."""

    low: int
    high: int


def column_sql(source: Source, logical: str, vendor: str) -> str:
    """The SELECT expression of one field, dates as text in a form that does not depend on the user's preferences."""
    if logical == "id":
        return source.identity
    qualified = qualify(source, vendor)
    if logical.endswith("_date"):
        return f"TO_CHAR({qualified}, '{DAY}')"
    if logical.endswith("_at"):
        return f"TO_CHAR({qualified}, '{MOMENT}')"
    return f"BUILTIN.DF({qualified})" if logical in source.shown else qualified


def qualify(source: Source, vendor: str) -> str:
    """`table.column` for a configured column; raises ConfigurationError for text that is no column name."""
    if not _COLUMN.match(vendor):
        raise ConfigurationError(
            expected="a SuiteQL column such as custbody_x or transaction.custbody_x",
            found=f"'{vendor}'",
            where=f"fields of {source.name}",
            next_step="correct the name in q2c.toml: letters, digits and `_`, at most one dot",
        )
    return vendor if "." in vendor else f"{source.name}.{vendor}"


def within(source: Source, window: Window, zone: ZoneInfo) -> str:
    """Rows whose stamp lies in the window; a row without a stamp is always read, never overlooked."""
    parts = [f"{source.stamp} < {moment_sql(window.until, zone)}"]
    if window.since:
        parts.insert(0, f"{source.stamp} >= {moment_sql(window.since, zone)}")
    return both(f"({' AND '.join(parts)} OR {source.stamp} IS NULL)", source.only)


def both(*conditions: str) -> str:
    """All conditions that are not empty."""
    return " AND ".join(condition for condition in conditions if condition) or "1 = 1"


def moment_sql(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as a date literal in the account's time zone."""
    return f"TO_DATE('{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}', '{MOMENT}')"


def in_span(source: Source, span: Span) -> str:
    """Rows of the ids in a span."""
    return f"{source.key[0]} > {span.low} AND {source.key[0]} <= {span.high}"


def among(source: Source, ids: Iterable[int]) -> str:
    """Rows of some ids."""
    return f"{source.key[0]} IN ({', '.join(map(str, ids))})"


def beyond(key: Sequence[str], position: Sequence[int]) -> str:
    """Rows after a position in key order; SuiteQL cannot compare lists, so (a, b) > (1, 2) is spelled out."""
    first, value = key[0], position[0]
    if len(key) == 1:
        return f"{first} > {value}"
    return f"({first} > {value} OR ({first} = {value} AND {beyond(key[1:], position[1:])}))"


def page_query(source: Source, columns: Mapping[str, str], condition: str) -> str:
    """Rows in key order; short aliases keep the answers small."""
    keys = [f"{part} AS k{number}" for number, part in enumerate(source.key)]
    values = [f"{sql} AS f{number}" for number, sql in enumerate(columns.values())]
    return _select([*keys, *values], source.tables, condition, order=source.key)


def extent_query(source: Source, condition: str) -> str:
    """How many rows, and between which ids."""
    first = source.key[0]
    return _select(["COUNT(*) AS n", f"MIN({first}) AS low", f"MAX({first}) AS high"], source.tables, condition)


def totals_query(source: Source, sums: Sequence[str], condition: str) -> str:
    """The source's own count and control sums."""
    totals = [f"SUM({sql}) AS s{number}" for number, sql in enumerate(sums)]
    return _select(["COUNT(*) AS n", *totals], source.tables, condition)


def newest_query(source: Source) -> str:
    """The newest modification stamp in the whole table."""
    table = source.changed_table
    return _select([f"TO_CHAR(MAX({table}.lastmodifieddate), '{MOMENT}') AS newest"], table, "1 = 1")


def changed_query(table: str, condition: str) -> str:
    """Ids and stamps of changed records."""
    return _select(
        [f"{table}.id AS k0", f"TO_CHAR({table}.lastmodifieddate, '{MOMENT}') AS stamp"], table, condition, order=(f"{table}.id",)
    )


def deleted_query(types: Sequence[str], window: Window, zone: ZoneInfo, after: str) -> str:
    """What was deleted inside the window."""
    names = ", ".join(f"'{name}'" for name in types)
    condition = both(
        f"LOWER(type) IN ({names})",
        f"deleteddate >= {moment_sql(window.since, zone)}" if window.since else "",
        f"deleteddate < {moment_sql(window.until, zone)}",
        after,
    )
    columns = ["recordid AS k0", f"TO_CHAR(deleteddate, '{MOMENT}') AS stamp"]
    return _select(columns, "deletedrecord", condition, order=("recordid",))


def _select(columns: Sequence[str], tables: str, condition: str, order: Sequence[str] = ()) -> str:
    parts = ["SELECT", ", ".join(columns), "FROM", tables, "WHERE", condition]
    return " ".join([*parts, "ORDER BY", ", ".join(order)] if order else parts)
