"""Answers parsed queries over the org's records: row lists with cursors, counts and sums."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.salesforce.conditions import compile_where
from q2c_pipeline.sandbox.servers.salesforce.problems import malformed, no_such_field
from q2c_pipeline.sandbox.servers.salesforce.schema import CURRENCIES
from q2c_pipeline.sandbox.servers.salesforce.soql import Aggregate, Order, Query, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal

    from q2c_pipeline.sandbox.servers.salesforce.org import Org
    from q2c_pipeline.sandbox.systems import Record

_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {"SUM": sum, "MIN": min, "MAX": max}


@dataclass(frozen=True)
class Selection:
    """The ids that a query found, in order, and the query, to render them page by page."""

    query: Query
    ids: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The selected field names."""
        return self.query.columns


def select(org: Org, soql: str, *, deleted: bool) -> Selection:
    """Run a row query; `deleted` adds the recycle bin as queryAll does."""
    query = parse(soql)
    found = _ordered(_matching(org, query, deleted=deleted), query.order_by)
    tampering = org.tampering
    ids = [record["Id"] for record in found if not tampering.omits(query.source, record["Id"])]
    return Selection(query, tuple(ids[: query.limit]))


def rows(org: Org, selection: Selection, ids: Iterable[str]) -> list[Record]:
    """The selected fields of those records that still exist, as they are now."""
    source, columns = selection.query.source, selection.columns
    records, tampering = org.records(source), org.tampering
    alive = (tampering.alter(source, i, records[i]) for i in ids if i in records)
    return [{name: record.get(name) for name in columns} for record in alive]


def count(org: Org, query: Query, *, deleted: bool) -> int:
    """What SELECT COUNT() answers, silently omitted records included."""
    return len(_matching(org, query, deleted=deleted))


def aggregate(org: Org, query: Query, *, deleted: bool) -> list[dict[str, Any]]:
    """The AggregateResult rows of a query with functions."""
    fields = org.fields(query.source)
    if strange := set(query.columns) - set(query.group_by):
        raise malformed(f"Field must be grouped or aggregated: {strange.pop()}")
    found = _ordered(_matching(org, query, deleted=deleted), [Order(n, False, False) for n in query.group_by])  # noqa: FBT003
    groups = groupby(found, key=lambda record: tuple(record.get(name) for name in query.group_by))
    replies = [_aggregated(fields, query, key, list(group)) for key, group in groups]
    return replies or ([] if query.group_by else [_aggregated(fields, query, (), [])])


def _matching(org: Org, query: Query, *, deleted: bool) -> list[Record]:
    fields = org.fields(query.source)
    named = [*query.columns, *(a.name for a in query.aggregates if a.name), *(o.name for o in query.order_by)]
    for name in [*named, *query.group_by]:
        if name not in fields:
            raise no_such_field(query.source, name)
    test = compile_where(query.source, fields, query.where)
    candidates = org.records(query.source).values()
    return [record for record in candidates if (deleted or not record.get("IsDeleted")) and test(record)]


def _ordered(records: list[Record], orders: list[Order]) -> list[Record]:
    for order in reversed(orders):
        name = order.name
        present = [r for r in records if r.get(name) is not None]
        absent = [r for r in records if r.get(name) is None]
        present.sort(key=lambda r, n=name: r[n], reverse=order.descending)  # type: ignore[misc]
        records = present + absent if order.nulls_last else absent + present
    return records


def _aggregated(fields: Mapping[str, str], query: Query, key: tuple[Any, ...], records: list[Record]) -> dict[str, Any]:
    reply: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
    reply |= dict(zip(query.group_by, key, strict=True))
    unnamed = 0
    for function in query.aggregates:
        reply[function.alias or f"expr{unnamed}"] = _value(fields, function, records)
        unnamed += function.alias is None
    return reply


def _value(fields: Mapping[str, str], function: Aggregate, records: list[Record]) -> Any:
    if function.name is None:
        return len(records)
    kind = fields[function.name]
    found = [(r[function.name], r) for r in records if r.get(function.name) is not None]
    if function.function == "COUNT":
        return len(found)
    convert = kind == "currency" and "CurrencyIsoCode" in fields
    values = [_corporate(value, record) if convert else value for value, record in found]
    return _FUNCTIONS[function.function](values) if values else None


def _corporate(value: Decimal, record: Record) -> Decimal:
    """An org with several currencies aggregates money in its corporate currency, at its own static rates."""
    return value / CURRENCIES[record["CurrencyIsoCode"]]
