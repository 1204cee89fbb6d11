"""What given contract lines would bill or earn, worked out by the SQL files of the nightly run in a warehouse of their own."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

from q2c_pipeline.domain.money import exponents
from q2c_pipeline.engine.runner import Warehouse, graph
from q2c_pipeline.engine.sqlfiles import SqlFile, load
from q2c_pipeline.orchestration import given_rows
from q2c_pipeline.orchestration.given_rows import Convention, Facts, Row
from q2c_pipeline.orchestration.given_usage import UsageCase
from q2c_pipeline.schemas.adapters import polars_schema
from q2c_pipeline.schemas.fields import Type
from q2c_pipeline.schemas.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from q2c_pipeline.orchestration.given_lines import BillingCase, RevenueCase

_AS_OF = date.max
_STAMP = datetime(1970, 1, 1, tzinfo=UTC)
_NEUTRAL: dict[Type, object] = {
    Type.TEXT: "given", Type.RATE: Decimal(0), Type.MONEY: Decimal(0), Type.COUNT: 0, Type.DATE: _AS_OF, Type.FLAG: False,
}  # fmt: skip
_BILLING = """select contract_line_key, service_start_date as service_start, service_end_date as service_end, due_date as due,
              net_amount as amount
              from schedule.billing_period order by contract_line_key, period_number"""
_USAGE = """select root_line_key as contract_line_key, service_start_date as service_start, service_end_date as service_end,
            due_date as due, net_amount as amount
            from schedule.usage_period order by root_line_key, service_start_date"""
_REVENUE = """select contract_line_key, period, net_amount as amount
              from schedule.revenue_period order by contract_line_key, period"""


def billing(cases: Sequence[BillingCase | UsageCase]) -> list[Row]:
    """Total and periods of every case, in their order."""
    facts = [given_rows.used(case, n) if isinstance(case, UsageCase) else given_rows.billed(case) for n, case in enumerate(cases)]
    with _run(facts, "schedule.billing_period", "schedule.usage_period") as warehouse:
        found = _periods(warehouse, _BILLING) | _periods(warehouse, _USAGE)
    return [_answer(case, found.get(n, []), ("service_start", "service_end", "due")) for n, case in enumerate(cases)]


def revenue(cases: Sequence[RevenueCase | UsageCase]) -> list[Row]:
    """Total and months of every case, in their order."""
    facts = [given_rows.used(case, n) if isinstance(case, UsageCase) else given_rows.earned(case) for n, case in enumerate(cases)]
    with _run(facts, "schedule.revenue_period") as warehouse:
        found = _periods(warehouse, _REVENUE)
    return [_answer(case, found.get(n, []), ("period",)) for n, case in enumerate(cases)]


def _answer(case: BillingCase | RevenueCase | UsageCase, periods: Sequence[Row], columns: Sequence[str]) -> Row:
    unit = Decimal(1).scaleb(-exponents()[case.line.currency])
    schedule = [
        {key: str(row[key])[:7] if key == "period" else str(row[key]) for key in columns}
        | {"amount": str(row["amount"].quantize(unit))}
        for row in periods
    ]
    total = sum((row["amount"] for row in periods), Decimal(0))
    return {"id": case.id, "total": str(total.quantize(unit)), "schedule": schedule}


def _periods(warehouse: Warehouse, sql: str) -> dict[int, list[Row]]:
    rows = warehouse.query(sql).iter_rows(named=True)
    return {int(key.split(":")[1]): list(group) for key, group in groupby(rows, lambda row: str(row["contract_line_key"]))}


@contextmanager
def _run(facts: Sequence[Facts], *tables: str) -> Iterator[Warehouse]:
    """A warehouse in memory in which `tables` were made from the rows; each set of conventions is a source of its own."""
    sources = {convention: f"policy-{n}" for n, convention in enumerate(dict.fromkeys(one.convention for one in facts))}
    with Warehouse() as warehouse:
        currencies = pl.DataFrame({"currency": list(exponents()), "exponent": list(exponents().values())})
        warehouse.append("policy.currency", currencies)
        conventions = [(source, *convention) for convention, source in sources.items()]
        columns = dict.fromkeys(("instance", *Convention._fields), pl.String)
        warehouse.append("policy.convention", pl.DataFrame(conventions, schema=columns, orient="row"))
        for name, rows in _collected(facts, sources).items():
            warehouse.append(f"mapped.{name}", _frame(name, rows))
        for file in _needed(*tables):
            warehouse.run_file(file, {"as_of": _AS_OF, "proration": "actual_days"})
        yield warehouse


def _collected(facts: Sequence[Facts], sources: Mapping[Convention, str]) -> dict[str, list[Row]]:
    """All rows by table; what has no id of its own has the number of its question."""
    found: dict[str, list[Row]] = defaultdict(list)
    for number, one in enumerate(facts):
        ids = {"instance": sources[one.convention], "contract_source_id": str(number)}
        for table, rows in one.rows.items():
            found[table] += [{"source_id": str(number)} | row | ids for row in rows]
    return found


def _needed(*tables: str) -> list[SqlFile]:
    """The files that make `tables` and all that they read, in running order."""
    by_name = {file.name: file for file in load()}
    needed: dict[str, SqlFile] = {}
    waiting = list(tables)
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in needed:
            needed[name] = by_name[name]
            waiting += by_name[name].upstreams
    return graph(list(needed.values()))


def _frame(table: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Rows of a canonical table; what is not given is neutral."""
    spec = TABLES[table]
    neutral = {
        name: None if name in spec.nullable else _STAMP if field.kind is Type.INSTANT else _NEUTRAL[field.kind]
        for name, field in spec.fields.items()
    }
    full = [neutral | {name: row[name] for name in spec.fields if name in row} for row in rows]
    return pl.DataFrame(full, schema=polars_schema(spec), orient="row")
