"""What given contract lines would bill or earn, worked out by the SQL files of the nightly run in a warehouse of their own."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

from q2c_pipeline.domain.money import exponents, round_money
from q2c_pipeline.engine.runner import Warehouse, graph
from q2c_pipeline.engine.sqlfiles import SqlFile, load
from q2c_pipeline.orchestration.given import rows as given_rows
from q2c_pipeline.orchestration.given import standard_rows as given_standard_rows
from q2c_pipeline.orchestration.given.rows import Convention, Facts, Row
from q2c_pipeline.orchestration.given.usage import UsageCase
from q2c_pipeline.schemas.adapters import polars_schema
from q2c_pipeline.schemas.fields import Type
from q2c_pipeline.schemas.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from fractions import Fraction

    from q2c_pipeline.orchestration.given.lines import BillingCase, RevenueCase
    from q2c_pipeline.orchestration.given.standards import AllocationCase, ModificationCase

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

_MONTHS = "select contract_line_key, period, net_amount from schedule.revenue_period"
_CAUGHT_UP = "select root_line_key, total_amount from schedule.modification where part = 'catch_up'"


def billing(cases: Sequence[BillingCase | UsageCase]) -> list[Row]:
    """Total and periods of every case, in their order."""
    facts = [
        given_rows.used(case, n) if isinstance(case, UsageCase) else given_rows.billed(case, n) for n, case in enumerate(cases)
    ]
    with _run(facts, "schedule.billing_period", "schedule.usage_period") as warehouse:
        found = _periods(warehouse, _BILLING) | _periods(warehouse, _USAGE)
    return [_answer(case, found.get(n, []), ("service_start", "service_end", "due")) for n, case in enumerate(cases)]


def revenue(cases: Sequence[RevenueCase | UsageCase]) -> list[Row]:
    """Total and months of every case, in their order."""
    facts = [given_rows.used(case, n) if isinstance(case, UsageCase) else given_rows.earned(case) for n, case in enumerate(cases)]
    with _run(facts, "schedule.revenue_period") as warehouse:
        found = _periods(warehouse, _REVENUE)
    return [_answer(case, found.get(n, []), ("period",)) for n, case in enumerate(cases)]


def allocation(cases: Sequence[AllocationCase]) -> list[Row]:
    """What each obligation of every case has of the price, in their order."""
    with _run([given_standard_rows.allocated(case, n) for n, case in enumerate(cases)], "schedule.allocation") as warehouse:
        rows = warehouse.query("select contract_line_key, allocated_amount from schedule.allocation").rows()
    found = {key.split(":")[1]: amount for key, amount in rows}
    return [
        {
            "id": case.id,
            "total": _money(case.transaction_price, case.currency),
            "allocation": {
                str(one.id): _money(found[f"{n}/{place:06}"], case.currency) for place, one in enumerate(case.obligations)
            },
        }
        for n, case in enumerate(cases)
    ]


def modification(cases: Sequence[ModificationCase]) -> list[Row]:
    """What a period earns after the modification of every case, and what is caught up on its day, in their order."""
    facts = [given_standard_rows.modified(case, n) for n, case in enumerate(cases)]
    with _run(facts, "schedule.revenue_period") as warehouse:
        months = {(key.split(":")[1], month): amount for key, month, amount in warehouse.query(_MONTHS).rows()}
        caught = {key.split(":")[1]: amount for key, amount in warehouse.query(_CAUGHT_UP).rows()}
    return [
        {
            "id": case.id,
            "per_period": _money(
                months[str(n), given_standard_rows.month_of(case)] - caught.get(str(n), Decimal(0)), case.currency
            ),
            "catch_up": _money(caught.get(str(n), Decimal(0)), case.currency),
        }
        for n, case in enumerate(cases)
    ]


def _money(amount: Decimal | Fraction, currency: str) -> str:
    exact = amount if isinstance(amount, Decimal) else given_rows.decimal_of(amount)
    return str(round_money(exact, currency))


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
        prices = [price for one in facts for price in one.prices]
        listed: dict[str, pl.DataType | type[pl.DataType]] = {
            "product_code": pl.String,
            "currency": pl.String,
            "unit_price": pl.Decimal(20, 4),
        }
        warehouse.append("policy.standalone_price", pl.DataFrame(prices, schema=listed, orient="row"))
        bundles = [bundle for one in facts for bundle in one.bundles]
        bundled: dict[str, pl.DataType | type[pl.DataType]] = {"bundle": pl.String, **listed}
        warehouse.append("policy.bundle", pl.DataFrame(bundles, schema=bundled, orient="row"))
        for name, rows in _collected(facts, sources).items():
            warehouse.append(f"mapped.{name}", _frame(name, rows))
        for file in _needed(*tables):
            warehouse.run_file(file, {"as_of": _AS_OF, "proration": "actual_days"})
        yield warehouse


def _collected(facts: Sequence[Facts], sources: Mapping[Convention, str]) -> dict[str, list[Row]]:
    """All rows by table; what has no id of its own has the number of its question."""
    found: dict[str, list[Row]] = defaultdict(list)
    for number, one in enumerate(facts):
        usual, instance = {"source_id": str(number), "contract_source_id": str(number)}, {"instance": sources[one.convention]}
        for table, rows in one.rows.items():
            found[table] += [usual | row | instance for row in rows]
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
