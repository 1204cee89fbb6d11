"""Strict reading of vendor text: every column says how it is parsed, and what cannot be parsed rejects its row.

A `Reading` is data: which landed object feeds which canonical table, column by column. Everything here is row-local, so
reading a whole frame equals reading its parts and putting them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from q2c_pipeline.domain.money import exponents
from q2c_pipeline.schemas.adapters import polars_type
from q2c_pipeline.schemas.fields import FIELDS
from q2c_pipeline.schemas.tables import TABLES

if TYPE_CHECKING:
    from enum import StrEnum

MONEY, RATE = pl.Decimal(20, 4), pl.Decimal(16, 8)
_NO_PROBLEM = pl.lit(None, dtype=pl.String)


@dataclass(frozen=True)
class Column:
    """A parsed value and, where parsing failed, the sentence that says why (null when all is well)."""

    value: pl.Expr
    problem: pl.Expr = field(default_factory=lambda: _NO_PROBLEM)


def _absent(raw: pl.Expr) -> pl.Expr:
    return raw.is_null() | (raw.str.strip_chars() == "")


def _parsed(name: str, raw: pl.Expr, value: pl.Expr, wanted: str) -> Column:
    """Null stays null; text that did not become a value is a problem that quotes the text."""
    bad = value.is_null() & ~_absent(raw)
    problem = pl.when(bad).then(pl.format(f"{name}: expected {wanted}, found '{{}}'", raw))
    return Column(pl.when(~_absent(raw)).then(value), problem)


def text(name: str) -> Column:
    """The text itself without surrounding blanks; empty text is no value."""
    raw = pl.col(name)
    return Column(pl.when(~_absent(raw)).then(raw.str.strip_chars()))


def constant(value: str | bool) -> Column:  # noqa: FBT001  (a literal of the mapping, not a switch)
    """The same value for every row."""
    return Column(pl.lit(value))


def _decimal(name: str, kind: pl.Decimal, whole: int, fraction: int) -> Column:
    raw = pl.col(name).str.strip_chars()
    exact = raw.str.contains(rf"^-?\d{{1,{whole}}}(\.\d{{0,{fraction}}}0*)?$")
    return _parsed(
        name,
        pl.col(name),
        pl.when(exact).then(raw).cast(kind, strict=False),
        f"a number with at most {fraction} decimals",
    )


def money(name: str) -> Column:
    """Major units as printed: '1234.50' -> 1234.5000; more than four decimals is a problem, never rounded."""
    return _decimal(name, MONEY, 16, 4)


def rate(name: str) -> Column:
    """Quantity, unit price or rate: at most eight decimals, exact."""
    return _decimal(name, RATE, 8, 8)


def percent_as_fraction(name: str) -> Column:
    """'12.5' -> 0.125; no value reads as no discount by `or_zero`."""
    column = _decimal(name, pl.Decimal(20, 8), 8, 6)
    return Column((column.value * pl.lit(Decimal("0.01"))).cast(RATE), column.problem)


def count(name: str) -> Column:
    """A whole number."""
    raw = pl.col(name).str.strip_chars()
    whole = pl.when(raw.str.contains(r"^-?\d{1,15}(\.0+)?$")).then(raw.str.replace(r"\.0+$", ""))
    return _parsed(name, pl.col(name), whole.cast(pl.Int64, strict=False), "a whole number")


def currency(name: str) -> Column:
    """An ISO 4217 code, upper-cased."""
    code = pl.col(name).str.strip_chars().str.to_uppercase()
    return _parsed(name, pl.col(name), pl.when(code.is_in(list(exponents()))).then(code), "an ISO 4217 currency")


def _scale(currency_name: str) -> pl.Expr:
    """Major units in one minor unit, by the row's currency: 0.01 for USD, 1 for JPY."""
    code = pl.col(currency_name).str.strip_chars().str.to_uppercase()
    by_exponent = [(e, [c for c, x in exponents().items() if x == e]) for e in sorted(set(exponents().values()))]
    scale = pl.lit(None, dtype=pl.Decimal(38, 12))
    for exponent, codes in by_exponent:
        scale = pl.when(code.is_in(codes)).then(pl.lit(Decimal(1).scaleb(-exponent)).cast(pl.Decimal(38, 12))).otherwise(scale)
    return scale


def minor_units(name: str, currency_name: str) -> Column:
    """An integer of minor units in major ones: '1999' USD -> 19.9900, '1999' JPY -> 1999.0000."""
    whole = count(name)
    value = (whole.value.cast(pl.Decimal(38, 12)) * _scale(currency_name)).cast(MONEY)
    return Column(value, whole.problem)


def minor_rate(name: str, currency_name: str) -> Column:
    """A decimal of minor units as a unit price in major ones: '0.5' USD -> 0.00500000; rounds half away past eight decimals."""
    part = _decimal(name, pl.Decimal(38, 12), 14, 12)
    value = (part.value * _scale(currency_name)).round(8, mode="half_away_from_zero").cast(RATE)
    return Column(value, part.problem)


def date(name: str, form: str = "%Y-%m-%d") -> Column:
    """A calendar date in the given form."""
    raw = pl.col(name).str.strip_chars()
    return _parsed(name, pl.col(name), raw.str.to_date(form, strict=False), f"a date like {form}")


def instant(name: str, form: str = "%Y-%m-%dT%H:%M:%S%.f%z") -> Column:
    """A moment in UTC; a form without an offset is read as UTC."""
    raw = pl.col(name).str.strip_chars()
    value = raw.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
    return _parsed(name, pl.col(name), value, f"a moment like {form}")


def unix_instant(name: str) -> Column:
    """Seconds since 1970 as a moment in UTC."""
    seconds = count(name)
    return Column(
        pl.from_epoch(seconds.value, time_unit="s").dt.cast_time_unit("us").dt.replace_time_zone("UTC"), seconds.problem
    )


def unix_date(name: str, time_zone: str = "UTC", *, exclusive_end: bool = False) -> Column:
    """The calendar day of a moment in the ledger's time zone; an exclusive end gives the day before the next moment's."""
    moment = unix_instant(name)
    shifted = moment.value - pl.duration(microseconds=1) if exclusive_end else moment.value
    return Column(shifted.dt.convert_time_zone(time_zone).dt.date(), moment.problem)


def flag(name: str, true: str = "true", false: str = "false") -> Column:
    """A yes or no in the vendor's words."""
    raw = pl.col(name).str.strip_chars()
    value = pl.when(raw == true).then(pl.lit(value=True)).when(raw == false).then(pl.lit(value=False))
    return _parsed(name, pl.col(name), value, f"'{true}' or '{false}'")


def enum(name: str, words: Mapping[str, StrEnum]) -> Column:
    """A closed vocabulary: every vendor word maps to one of ours; an unknown word rejects the row as a new enum value."""
    raw = pl.col(name).str.strip_chars()
    value = raw.replace_strict(list(words), [word.value for word in words.values()], default=None, return_dtype=pl.String)
    bad = value.is_null() & ~_absent(pl.col(name))
    problem = pl.when(bad).then(pl.format(f"{name}: {UNKNOWN_WORD}, found '{{}}'", raw))
    return Column(pl.when(~_absent(pl.col(name))).then(value), problem)


UNKNOWN_WORD = "expected one of the mapped words"


def or_else(column: Column, other: Column) -> Column:
    """The first column's value, the other's where it has none."""
    return Column(pl.coalesce(column.value, other.value), pl.coalesce(column.problem, other.problem))


def apply(change: Callable[[pl.Expr], pl.Expr], column: Column) -> Column:
    """A row-local change of a parsed value, e.g. a sign convention."""
    return Column(change(column.value), column.problem)


def combine(change: Callable[..., pl.Expr], *columns: Column) -> Column:
    """A row-local value from several parsed ones; any part's problem is the whole's."""
    return Column(change(*(c.value for c in columns)), pl.coalesce(*(c.problem for c in columns)))


@dataclass(frozen=True)
class Reading:
    """How one landed object becomes rows of one canonical table.

    `columns` gives every canonical field but the common instance, batch_id and as_of; `version` and `key` are among them as
    source_version and source_id. `where` keeps the rows that belong to the table. `prepare` may explode a row's own nested
    list first. Logical column names (left side of fields.toml) are used throughout.
    """

    source: str
    table: str
    columns: Mapping[str, Column]
    where: pl.Expr | None = None
    prepare: Callable[[pl.LazyFrame], pl.LazyFrame] | None = None


PROBLEM = "reject_reason"
_ADDED_BY_LOADER = ("instance", "batch_id", "as_of", "is_deleted")
_TOMBSTONE = {"source_id": "tombstone_id", "source_version": "tombstone_at"}


def _required(name: str, column: Column, *, nullable: bool) -> pl.Expr:
    if nullable:
        return column.problem
    return pl.coalesce(column.problem, pl.when(column.value.is_null()).then(pl.lit(f"{name}: expected a value, found none")))


def read(reading: Reading, raw: pl.LazyFrame) -> pl.LazyFrame:
    """Canonical rows plus `reject_reason` and `row_number`; a tombstone keeps only its common fields and is never rejected.

    `raw` has logical column names (all text) and the columns instance, batch_id, as_of, row_number, is_tombstone,
    tombstone_id, tombstone_at that the loader adds.
    """
    frame = raw.filter(reading.where | pl.col("is_tombstone")) if reading.where is not None else raw
    frame = reading.prepare(frame) if reading.prepare else frame
    problems = [_required(name, column, nullable=nullable) for name, column, nullable in _given(reading)]
    reason = pl.when(~pl.col("is_tombstone")).then(pl.coalesce(*problems)).alias(PROBLEM)
    values = [_value(name, reading.columns.get(name, Column(pl.lit(None)))) for name in TABLES[reading.table].fields]
    return frame.select(*values, reason, pl.col("row_number"))


def _given(reading: Reading) -> list[tuple[str, Column, bool]]:
    """Each column that the mapping answers for, and whether it may be empty."""
    table = TABLES[reading.table]
    names = [name for name in table.fields if name not in _ADDED_BY_LOADER]
    return [(name, reading.columns.get(name, Column(pl.lit(None))), name in table.nullable) for name in names]


def _value(name: str, column: Column) -> pl.Expr:
    """The canonical value of one field; a tombstone has only its identity."""
    gone = pl.col("is_tombstone")
    if name in ("instance", "batch_id", "as_of"):
        return pl.col(name)
    if name == "is_deleted":
        value: pl.Expr = gone | column.value.fill_null(value=False)
    elif name in _TOMBSTONE:
        value = pl.when(gone).then(pl.col(_TOMBSTONE[name])).otherwise(column.value)
    else:
        value = pl.when(~gone).then(column.value)
    return value.cast(polars_type(FIELDS[name])).alias(name)


def missing_columns(reading: Reading) -> list[str]:
    """Canonical fields that the reading neither gives nor may leave empty: a mistake of the mapping, found by its tests."""
    table = TABLES[reading.table]
    given = {*reading.columns, *_ADDED_BY_LOADER}
    return [name for name in table.fields if name not in given and name not in table.nullable]


def misnamed_columns(reading: Reading) -> list[str]:
    """Columns that the reading gives but the table does not have."""
    return [name for name in reading.columns if name not in TABLES[reading.table].fields]
