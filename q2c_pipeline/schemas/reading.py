"""Strict reading of vendor text: every column says how it is parsed, and what cannot be parsed rejects its row.

A `Reading` is data: which landed object feeds which canonical table, column by column. Everything here is row-local, so
reading a whole frame equals reading its parts and putting them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
_EXACT = pl.Decimal(38, 12)
_NO_PROBLEM = pl.lit(None, dtype=pl.String)
_NEVER = pl.lit(value=False)


@dataclass(frozen=True)
class Column:
    """A parsed value and, where parsing failed, the sentence that says why (null when all is well).

    `is_wrong` tells the same as a sentence that is not null (its own null is a no), without the cost of writing sentences.
    """

    value: pl.Expr
    problem: pl.Expr = field(default_factory=lambda: _NO_PROBLEM)
    is_wrong: pl.Expr | None = None

    @property
    def fails(self) -> pl.Expr:
        """Whether parsing failed; null is a no."""
        return self.problem.is_not_null() if self.is_wrong is None else self.is_wrong


def _stripped(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars()


def _parsed(name: str, value: pl.Expr, wanted: str, found: pl.Expr | None = None) -> Column:
    """Text that did not become a value is a problem that quotes the text; no text is no value. `value` is null for empty text."""
    bad = value.is_null() & (_stripped(name) != "")
    problem = pl.when(bad).then(pl.format(f"{name}: {wanted}, found '{{}}'", pl.col(name) if found is None else found))
    return Column(value, problem, bad)


def text(name: str) -> Column:
    """The text itself without surrounding blanks; empty text is no value."""
    raw = _stripped(name)
    return Column(pl.when(raw != "").then(raw), is_wrong=_NEVER)


def constant(value: str | bool) -> Column:  # noqa: FBT001  (a literal of the mapping, not a switch)
    """The same value for every row."""
    return Column(pl.lit(value), is_wrong=_NEVER)


def _decimal(name: str, kind: pl.Decimal, whole: int, fraction: int) -> Column:
    raw = _stripped(name)
    exact = raw.str.contains(rf"^-?\d{{1,{whole}}}(\.\d{{0,{fraction}}}0*)?$")
    value = pl.when(exact).then(raw.cast(kind, strict=False))
    return _parsed(name, value, f"expected a number with at most {fraction} decimals")


def money(name: str) -> Column:
    """Major units as printed: '1234.50' -> 1234.5000; more than four decimals is a problem, never rounded."""
    return _decimal(name, MONEY, 16, 4)


def rate(name: str) -> Column:
    """Quantity, unit price or rate: at most eight decimals, exact."""
    return _decimal(name, RATE, 8, 8)


def percent_as_fraction(name: str) -> Column:
    """'12.5' -> 0.125; no value reads as no discount by `or_zero`."""
    column = _decimal(name, pl.Decimal(20, 8), 8, 6)
    return apply(lambda value: (value * pl.lit(Decimal("0.01"))).cast(RATE), column)


def count(name: str) -> Column:
    """A whole number."""
    raw = _stripped(name)
    whole = raw.cast(pl.Decimal(38, 0), strict=False).cast(pl.Int64, strict=False)
    return _parsed(name, pl.when(raw.str.contains(r"^-?\d{1,15}(\.0+)?$")).then(whole), "expected a whole number")


def currency(name: str) -> Column:
    """An ISO 4217 code, upper-cased."""
    code = _stripped(name).str.to_uppercase()
    return _parsed(name, pl.when(code.is_in(list(exponents()))).then(code), "expected an ISO 4217 currency")


def _scale(currency_name: str, digits: Mapping[str, int] | None) -> pl.Expr:
    """Major units in one minor unit, by the row's currency: 0.01 for USD, 1 for JPY."""
    by_code = exponents() if digits is None else digits
    scales = pl.Series([Decimal(1).scaleb(-exponent) for exponent in by_code.values()], dtype=_EXACT)
    return _stripped(currency_name).str.to_uppercase().replace_strict(list(by_code), scales, default=None, return_dtype=_EXACT)


def minor_units(name: str, currency_name: str, digits: Mapping[str, int] | None = None) -> Column:
    """An integer of minor units in major ones: '1999' USD -> 19.9900, '1999' JPY -> 1999.0000.

    `digits` are those of each currency's minor unit where a vendor has other ones than ISO 4217.
    """
    scale = _scale(currency_name, digits)
    return apply(lambda whole: (whole.cast(_EXACT) * scale).cast(MONEY), count(name))


def minor_rate(name: str, currency_name: str, digits: Mapping[str, int] | None = None) -> Column:
    """A decimal of minor units as a unit price in major ones: '0.5' USD -> 0.00500000; rounds half away past eight decimals."""
    part, scale = _decimal(name, _EXACT, 14, 12), _scale(currency_name, digits)
    exact = part.value * scale
    value = exact.round(8, mode="half_away_from_zero").cast(RATE, strict=False)
    too_large = value.is_null() & exact.is_not_null()
    sentence = pl.format(f"{name}: expected less than a hundred million major units, found '{{}}'", pl.col(name))
    problem = pl.coalesce(part.problem, pl.when(too_large).then(sentence))
    return Column(value, problem, part.fails | too_large)


def date(name: str, form: str = "%Y-%m-%d") -> Column:
    """A calendar date in the given form."""
    return _parsed(name, _stripped(name).str.to_date(form, strict=False), f"expected a date like {form}")


def instant(name: str, form: str = "%Y-%m-%dT%H:%M:%S%.f%z") -> Column:
    """A moment in UTC; a form without an offset is read as UTC."""
    value = _stripped(name).str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
    return _parsed(name, value, f"expected a moment like {form}")


def unix_instant(name: str) -> Column:
    """Seconds since 1970 as a moment in UTC."""
    return apply(lambda seconds: pl.from_epoch(seconds).dt.cast_time_unit("us").dt.replace_time_zone("UTC"), count(name))


def unix_date(name: str, time_zone: str = "UTC", *, exclusive_end: bool = False) -> Column:
    """The calendar day of a moment in the ledger's time zone; an exclusive end gives the day before the next moment's."""
    # One second less is enough: the moments are whole seconds.
    seconds = apply(lambda end: end - 1, count(name)) if exclusive_end else count(name)
    return apply(
        lambda moment: pl.from_epoch(moment).dt.replace_time_zone("UTC").dt.convert_time_zone(time_zone).dt.date(), seconds
    )


def flag(name: str, true: str = "true", false: str = "false") -> Column:
    """A yes or no in the vendor's words."""
    raw = _stripped(name)
    value = pl.when(raw == true).then(pl.lit(value=True)).when(raw == false).then(pl.lit(value=False))
    return _parsed(name, value, f"expected '{true}' or '{false}'")


def enum(name: str, words: Mapping[str, StrEnum]) -> Column:
    """A closed vocabulary: every vendor word maps to one of ours; an unknown word rejects the row as a new enum value."""
    raw = _stripped(name)
    value = raw.replace_strict(list(words), [word.value for word in words.values()], default=None, return_dtype=pl.String)
    return _parsed(name, value, UNKNOWN_WORD, raw)


UNKNOWN_WORD = "expected one of the mapped words"


def or_else(column: Column, other: Column) -> Column:
    """The first column's value, the other's where it has none."""
    return combine(pl.coalesce, column, other)


def apply(change: Callable[[pl.Expr], pl.Expr], column: Column) -> Column:
    """A row-local change of a parsed value, e.g. a sign convention."""
    return replace(column, value=change(column.value))


def combine(change: Callable[..., pl.Expr], *columns: Column) -> Column:
    """A row-local value from several parsed ones; any part's problem is the whole's."""
    values, problems = (c.value for c in columns), (c.problem for c in columns)
    return Column(change(*values), pl.coalesce(*problems), pl.any_horizontal(*(c.fails for c in columns)))


_NOTHING = Column(pl.lit(None), is_wrong=_NEVER)


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


PROBLEM, REFUSED = "reject_reason", "is_refused"
_ADDED_BY_LOADER = ("instance", "batch_id", "as_of", "is_deleted")
_TOMBSTONE = {"source_id": "tombstone_id", "source_version": "tombstone_at"}


def read(reading: Reading, raw: pl.LazyFrame) -> pl.LazyFrame:
    """Canonical rows plus `reject_reason` and `row_number`; a tombstone keeps only its common fields and is never rejected.

    `raw` has logical column names (all text) and the columns instance, batch_id, as_of, row_number, is_tombstone,
    tombstone_id, tombstone_at that the loader adds.
    """
    reasons = [_reason(name, column, nullable=nullable) for name, column, nullable in _given(reading)]
    return _rows(reading, raw, pl.when(~pl.col("is_tombstone")).then(pl.coalesce(*reasons)).alias(PROBLEM))


def sift(reading: Reading, raw: pl.LazyFrame) -> pl.LazyFrame:
    """The same rows with `is_refused` in the place of the reason: whether there is one costs far less than what it says."""
    refused = pl.any_horizontal(*(_is_refused(column, nullable=nullable) for _, column, nullable in _given(reading)))
    return _rows(reading, raw, (~pl.col("is_tombstone") & refused).fill_null(value=False).alias(REFUSED))


def _rows(reading: Reading, raw: pl.LazyFrame, verdict: pl.Expr) -> pl.LazyFrame:
    frame = raw.filter(reading.where | pl.col("is_tombstone")) if reading.where is not None else raw
    frame = reading.prepare(frame) if reading.prepare else frame
    values = [_value(name, reading.columns.get(name, _NOTHING)) for name in TABLES[reading.table].fields]
    return frame.select(*values, verdict, pl.col("row_number"))


def _reason(name: str, column: Column, *, nullable: bool) -> pl.Expr:
    if nullable:
        return column.problem
    return pl.coalesce(column.problem, pl.when(column.value.is_null()).then(pl.lit(f"{name}: expected a value, found none")))


def _is_refused(column: Column, *, nullable: bool) -> pl.Expr:
    return column.fails if nullable else column.fails | column.value.is_null()


def _given(reading: Reading) -> list[tuple[str, Column, bool]]:
    """Each column that the mapping answers for, and whether it may be empty."""
    table = TABLES[reading.table]
    names = [name for name in table.fields if name not in _ADDED_BY_LOADER]
    return [(name, reading.columns.get(name, _NOTHING), name in table.nullable) for name in names]


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
