"""What given contract lines would bill or earn, worked out by the SQL files of the nightly run in a warehouse of their own."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from q2c_pipeline.domain.kinds import ChargeType
from q2c_pipeline.domain.money import exponents
from q2c_pipeline.engine.runner import Warehouse, graph
from q2c_pipeline.engine.sqlfiles import SqlFile, load
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.orchestration.given_lines import BilledLine, EarnedLine, end_of, start_of
from q2c_pipeline.schemas.adapters import polars_schema
from q2c_pipeline.schemas.fields import Type
from q2c_pipeline.schemas.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from q2c_pipeline.orchestration.given_lines import BillingCase, RevenueCase

Row = dict[str, Any]
_AS_OF = date.max
_STAMP = datetime(1970, 1, 1, tzinfo=UTC)
_NEUTRAL: dict[Type, object] = {Type.TEXT: "given", Type.RATE: Decimal(0), Type.COUNT: 0, Type.DATE: _AS_OF, Type.FLAG: False}
_SCALE = 10**8
"""Parts of one in a quantity or price of the tables."""
_STAND_IN = 10**7
_PARTS_LIMIT = 10**15
_BILLING = """select contract_line_key, service_start_date as service_start, service_end_date as service_end, due_date as due,
              net_amount as amount, sum(net_amount) over (partition by contract_line_key) as total
              from schedule.billing_period order by contract_line_key, period_number"""
_REVENUE = """select contract_line_key, period, net_amount as amount,
              sum(net_amount) over (partition by contract_line_key) as total
              from schedule.revenue_period order by contract_line_key, period"""


class _Terms(NamedTuple):
    """A line's price in numbers that the tables hold: quantity x price x (1 - numerator / denominator)."""

    quantity: Decimal
    unit_price: Decimal
    numerator: int
    denominator: int


def billing(cases: Sequence[BillingCase]) -> list[Row]:
    """Total and periods of every case, in their order."""
    lines = [(_billed(case.id, case.line), (case.policy.proration, case.policy.rounding, None)) for case in cases]
    with _run(lines, "schedule.billing_period") as warehouse:
        found = _periods(warehouse, _BILLING)
    return [
        _answer(case.id, case.line.currency, found[n], ("service_start", "service_end", "due")) for n, case in enumerate(cases)
    ]


def revenue(cases: Sequence[RevenueCase]) -> list[Row]:
    """Total and months of every case, in their order."""
    lines = [(_earned(case.id, case.line), ("actual_days", case.policy.rounding, case.policy.recognition)) for case in cases]
    with _run(lines, "schedule.revenue_period") as warehouse:
        found = _periods(warehouse, _REVENUE)
    return [_answer(case.id, case.line.currency, found[n], ("period",)) for n, case in enumerate(cases)]


def _answer(name: str, currency: str, periods: Sequence[Row], columns: Sequence[str]) -> Row:
    unit = Decimal(1).scaleb(-exponents()[currency])
    schedule = [
        {key: str(row[key])[:7] if key == "period" else str(row[key]) for key in columns}
        | {"amount": str(row["amount"].quantize(unit))}
        for row in periods
    ]
    return {"id": name, "total": str(periods[0]["total"].quantize(unit)), "schedule": schedule}


def _periods(warehouse: Warehouse, sql: str) -> list[list[Row]]:
    rows = warehouse.query(sql).iter_rows(named=True)
    by_line = {int(key.split(":")[1]): list(group) for key, group in groupby(rows, lambda row: str(row["contract_line_key"]))}
    return [by_line[n] for n in sorted(by_line)]


@contextmanager
def _run(lines: Sequence[tuple[Row, tuple[str, str, str | None]]], table: str) -> Iterator[Warehouse]:
    """A warehouse in memory in which `table` was made from the lines; each set of conventions is a source of its own."""
    sources = {convention: f"policy-{n}" for n, convention in enumerate(dict.fromkeys(convention for _, convention in lines))}
    with Warehouse() as warehouse:
        currencies = pl.DataFrame({"currency": list(exponents()), "exponent": list(exponents().values())})
        warehouse.append("policy.currency", currencies)
        columns = ("instance", "proration", "rounding", "recognition")
        conventions = [(source, *convention) for convention, source in sources.items()]
        warehouse.append("policy.convention", pl.DataFrame(conventions, schema=dict.fromkeys(columns, pl.String), orient="row"))
        rows = [
            line | {"instance": sources[convention], "source_id": str(n), "contract_source_id": str(n)}
            for n, (line, convention) in enumerate(lines)
        ]
        for name in ("contract", "contract_line"):
            warehouse.append(f"mapped.{name}", _frame(name, rows))
        for file in _needed(table):
            warehouse.run_file(file, {"as_of": _AS_OF, "proration": "actual_days"})
        yield warehouse


def _needed(table: str) -> list[SqlFile]:
    """The files that make `table` and all that it reads, in running order."""
    by_name = {file.name: file for file in load()}
    needed: dict[str, SqlFile] = {}
    waiting = [table]
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


def _billed(where: str, line: BilledLine) -> Row:
    terms = _terms(where, line.quantity, line.unit_price, line.discount, can_fold=not line.has_discount_window)
    return _record(line, terms) | {
        "charge_type": line.charge_type,
        "billing_frequency": line.billing_frequency.value,
        "billing_period_months": line.billing_period_months,
        "billing_anchor": line.anchor.value,
        "billing_timing": line.timing.value,
        "price_period": line.price_period.value,
        "discount_start_date": line.discount_start,
        "discount_end_date": line.discount_end,
    }


def _earned(where: str, line: EarnedLine) -> Row:
    """An amount earned over a term is a charge made once, at the start of that term."""
    return _record(line, _terms(where, Fraction(1), line.total, Fraction(0))) | {
        "charge_type": ChargeType.ONE_TIME.value,
        "billing_frequency": "one_time",
        "billing_anchor": "start",
        "billing_timing": "advance",
        "price_period": "once",
    }


def _record(line: BilledLine | EarnedLine, terms: _Terms) -> Row:
    """What contract and line share, with dates and, where given, instants."""
    start, end = start_of(line.start), end_of(line.end)
    return {
        "contract_status": "activated",
        "currency": line.currency,
        "quantity": terms.quantity,
        "unit_price": terms.unit_price,
        "discount_numerator": terms.numerator,
        "discount_denominator": terms.denominator,
        "start_date": start.date(),
        "end_date": (end - timedelta(seconds=1)).date(),
        "service_start_at": start if isinstance(line.start, datetime) else None,
        "service_end_at": end if isinstance(line.end, datetime) else None,
    }


def _terms(where: str, quantity: Fraction, price: Fraction, discount: Fraction, *, can_fold: bool = True) -> _Terms:
    """The numbers as they are where the tables hold them, else others of equal product: 100/3 is 10^7 x 0.00001 x (1 - 2/3)."""
    if _fits(quantity) and _fits(price) and discount.denominator <= _SCALE:
        return _Terms(_decimal(quantity), _decimal(price), discount.numerator, discount.denominator)
    worth = quantity * price * (1 - discount)
    if not can_fold or worth.denominator > _PARTS_LIMIT or abs(worth) * worth.denominator >= _SCALE * _STAND_IN:
        raise ConfigurationError(
            expected="quantity, price and discount of at most 8 digits before and after the point, or a product of 15",
            found=f"{quantity} x {price} x (1 - {discount})",
            where=where,
            next_step="give it as several lines, or with fewer digits",
        )
    sign, parts = (-1 if worth < 0 else 1), worth.denominator
    return _Terms(Decimal(sign * _STAND_IN), _decimal(abs(worth) * parts / _STAND_IN), parts - 1, parts)


def _fits(number: Fraction) -> bool:
    return abs(number) < _SCALE and _SCALE % number.denominator == 0


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator * _SCALE // number.denominator).scaleb(-8)
