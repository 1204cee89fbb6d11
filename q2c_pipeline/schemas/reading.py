"""Strict reading of vendor text: every column says how it is parsed, and what cannot be parsed rejects its row.

A `Reading` is data: which landed object feeds which canonical table, column by column. Everything here is row-local, so
reading a whole frame equals reading its parts and putting them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import zip_longest
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


Steps = tuple[Mapping[str, pl.Expr], ...]
"""Named intermediate columns, level by level, so that what several values need is computed once."""


@dataclass(frozen=True)
class Column:
    """A parsed value and, where parsing failed, the sentence that says why (null when all is well).

    Both may name columns that `steps` make. `is_wrong` tells the same as a sentence that is not null (its own null is a no),
    without the cost of writing sentences.
    """

    value: pl.Expr
    problem: pl.Expr = field(default_factory=lambda: _NO_PROBLEM)
    is_wrong: pl.Expr | None = None
    steps: Steps = ()

    @property
    def fails(self) -> pl.Expr:
        """Whether parsing failed; null is a no."""
        return self.problem.is_not_null() if self.is_wrong is None else self.is_wrong


def with_steps(frame: pl.LazyFrame, columns: Iterable[Column]) -> pl.LazyFrame:
    """The frame with the intermediate columns that `columns` name."""
    for level in _merged(*(column.steps for column in columns)):
        frame = frame.with_columns(**level)
    return frame


def _merged(*steps: Steps) -> Steps:
    return tuple({name: e for level in levels for name, e in level.items()} for levels in zip_longest(*steps, fillvalue={}))


def _text_of(name: str) -> tuple[str, Steps]:
    """The name of the column that holds the text without surrounding blanks, and the step that makes it."""
    own = f"{name}: text"
    return own, ({own: pl.col(name).str.strip_chars()},)


def _parsed(name: str, parse: Callable[[pl.Expr], pl.Expr], wanted: str, kind: str | None = None) -> Column:
    """Text that `parse` gives no value for is a problem that quotes the text; no text is no value.

    `kind` tells steps of the same field apart where `wanted` does not.
    """
    stripped, steps = _text_of(name)
    own = f"{name}: {kind or wanted}"
    value, bad = pl.col(own), pl.col(own).is_null() & (pl.col(stripped) != "")
    problem = pl.when(bad).then(pl.format(f"{name}: {wanted}, found '{{}}'", pl.col(stripped if kind else name)))
    return Column(value, problem, bad, (*steps, {own: parse(pl.col(stripped))}))


def text(name: str) -> Column:
    """The text itself without surrounding blanks; empty text is no value."""
    stripped, steps = _text_of(name)
    return Column(pl.when(pl.col(stripped) != "").then(pl.col(stripped)), is_wrong=_NEVER, steps=steps)


def constant(value: str | bool) -> Column:  # noqa: FBT001  (a literal of the mapping, not a switch)
    """The same value for every row."""
    return Column(pl.lit(value), is_wrong=_NEVER)


def _decimal(name: str, kind: pl.Decimal, whole: int, fraction: int) -> Column:
    form = rf"^-?\d{{1,{whole}}}(\.\d{{0,{fraction}}}0*)?$"
    wanted = f"expected a number with at most {fraction} decimals"
    return _parsed(name, lambda raw: pl.when(raw.str.contains(form)).then(raw.cast(kind, strict=False)), wanted)


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

    def parse(raw: pl.Expr) -> pl.Expr:
        whole = raw.cast(pl.Decimal(38, 0), strict=False).cast(pl.Int64, strict=False)
        return pl.when(raw.str.contains(r"^-?\d{1,15}(\.0+)?$")).then(whole)

    return _parsed(name, parse, "expected a whole number")


def currency(name: str) -> Column:
    """An ISO 4217 code, upper-cased."""

    def parse(raw: pl.Expr) -> pl.Expr:
        code = raw.str.to_uppercase()
        return pl.when(code.is_in(list(exponents()))).then(code)

    return _parsed(name, parse, "expected an ISO 4217 currency")


def _scale(currency_name: str, digits: Mapping[str, int] | None) -> tuple[pl.Expr, Steps]:
    """Major units in one minor unit, by the row's currency: 0.01 for USD, 1 for JPY."""
    by_code = exponents() if digits is None else digits
    scales = pl.Series([Decimal(1).scaleb(-exponent) for exponent in by_code.values()], dtype=_EXACT)
    stripped, steps = _text_of(currency_name)
    own, code = f"{currency_name}: scale of {'ISO 4217' if digits is None else 'the vendor'}", pl.col(stripped).str.to_uppercase()
    scale = code.replace_strict(list(by_code), scales, default=None, return_dtype=_EXACT)
    return pl.col(own), (*steps, {own: scale})


def minor_units(name: str, currency_name: str, digits: Mapping[str, int] | None = None) -> Column:
    """An integer of minor units in major ones: '1999' USD -> 19.9900, '1999' JPY -> 1999.0000.

    `digits` are those of each currency's minor unit where a vendor has other ones than ISO 4217.
    """
    whole, (scale, steps) = count(name), _scale(currency_name, digits)
    own = f"{name}: in major units"
    major = {own: (whole.value.cast(_EXACT) * scale).cast(MONEY)}
    return replace(whole, value=pl.col(own), steps=(*_merged(whole.steps, steps), major))


def minor_rate(name: str, currency_name: str, digits: Mapping[str, int] | None = None) -> Column:
    """A decimal of minor units as a unit price in major ones: '0.5' USD -> 0.00500000; rounds half away past eight decimals."""
    part, (scale, steps) = _decimal(name, _EXACT, 14, 12), _scale(currency_name, digits)
    own, exact = f"{name}: in major units", part.value * scale
    major = {own: exact.round(8, mode="half_away_from_zero").cast(RATE, strict=False)}
    too_large = pl.col(own).is_null() & exact.is_not_null()
    sentence = pl.format(f"{name}: expected less than a hundred million major units, found '{{}}'", pl.col(name))
    problem = pl.coalesce(part.problem, pl.when(too_large).then(sentence))
    return Column(pl.col(own), problem, part.fails | too_large, (*_merged(part.steps, steps), major))


def date(name: str, form: str = "%Y-%m-%d") -> Column:
    """A calendar date in the given form."""
    return _parsed(name, lambda raw: raw.str.to_date(form, strict=False), f"expected a date like {form}")


def instant(name: str, form: str = "%Y-%m-%dT%H:%M:%S%.f%z") -> Column:
    """A moment in UTC; a form without an offset is read as UTC."""

    def parse(raw: pl.Expr) -> pl.Expr:
        return raw.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)

    return _parsed(name, parse, f"expected a moment like {form}")


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

    def parse(raw: pl.Expr) -> pl.Expr:
        return pl.when(raw == true).then(pl.lit(value=True)).when(raw == false).then(pl.lit(value=False))

    return _parsed(name, parse, f"expected '{true}' or '{false}'")


def enum(name: str, words: Mapping[str, StrEnum]) -> Column:
    """A closed vocabulary: every vendor word maps to one of ours; an unknown word rejects the row as a new enum value."""
    ours = [word.value for word in words.values()]

    def parse(raw: pl.Expr) -> pl.Expr:
        return raw.replace_strict(list(words), ours, default=None, return_dtype=pl.String)

    return _parsed(name, parse, UNKNOWN_WORD, f"one of {dict(zip(words, ours, strict=True))}")


UNKNOWN_WORD = "expected one of the mapped words"


def or_else(column: Column, other: Column) -> Column:
    """The first column's value, the other's where it has none."""
    return combine(pl.coalesce, column, other)


def apply(change: Callable[[pl.Expr], pl.Expr], column: Column) -> Column:
    """A row-local change of a parsed value, e.g. a sign convention."""
    return replace(column, value=change(column.value))


def combine(change: Callable[..., pl.Expr], *columns: Column) -> Column:
    """A row-local value from several parsed ones; any part's problem is the whole's."""
    value, problem = change(*(c.value for c in columns)), pl.coalesce(*(c.problem for c in columns))
    return Column(value, problem, pl.any_horizontal(*(c.fails for c in columns)), _merged(*(c.steps for c in columns)))


def in_one_line(*columns: Column) -> Column:
    """What is known of several texts, apart by blanks: a street, no postal code and a city -> `1 High St Leeds`."""

    def joined(*values: pl.Expr) -> pl.Expr:
        line = pl.concat_str(values, separator=" ", ignore_nulls=True).str.replace_all(r"\s+", " ").str.strip_chars()
        return pl.when(line != "").then(line)

    return combine(joined, *columns)


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
_COMMON_TO_BATCH = ("instance", "batch_id", "as_of")
_ADDED_BY_LOADER = (*_COMMON_TO_BATCH, "is_deleted")
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
    fails = [column.fails for _, column, _ in _given(reading) if column.fails is not _NEVER]
    empty = [_computed(name).is_null() for name, _, nullable in _given(reading) if not nullable]
    refused = ~pl.col("is_tombstone") & pl.any_horizontal(*fails, *empty)
    return _rows(reading, raw, refused.fill_null(value=False).alias(REFUSED))


def _rows(reading: Reading, raw: pl.LazyFrame, verdict: pl.Expr) -> pl.LazyFrame:
    frame = raw.filter(reading.where | pl.col("is_tombstone")) if reading.where is not None else raw
    frame = reading.prepare(frame) if reading.prepare else frame
    names = [name for name in TABLES[reading.table].fields if name not in _COMMON_TO_BATCH]
    columns = {name: reading.columns.get(name, _NOTHING) for name in names}
    values = [column.value.cast(polars_type(FIELDS[name])).alias(f"{name}: value") for name, column in columns.items()]
    computed = with_steps(frame, columns.values()).with_columns(values)
    return computed.select(*map(_value, TABLES[reading.table].fields), verdict, pl.col("row_number"))


def _computed(name: str) -> pl.Expr:
    return pl.col(f"{name}: value")


def _reason(name: str, column: Column, *, nullable: bool) -> pl.Expr:
    if nullable:
        return column.problem
    return pl.coalesce(column.problem, pl.when(_computed(name).is_null()).then(pl.lit(f"{name}: expected a value, found none")))


def _given(reading: Reading) -> list[tuple[str, Column, bool]]:
    """Each column that the mapping answers for, and whether it may be empty."""
    table = TABLES[reading.table]
    names = [name for name in table.fields if name not in _ADDED_BY_LOADER]
    return [(name, reading.columns.get(name, _NOTHING), name in table.nullable) for name in names]


def _value(name: str) -> pl.Expr:
    """The canonical value of one field; a tombstone has only its identity."""
    gone = pl.col("is_tombstone")
    if name in _COMMON_TO_BATCH:
        return pl.col(name)
    if name == "is_deleted":
        return (gone | _computed(name).fill_null(value=False)).alias(name)
    instead = pl.col(_TOMBSTONE[name]) if name in _TOMBSTONE else None
    return pl.when(gone).then(instead).otherwise(_computed(name)).alias(name)


def missing_columns(reading: Reading) -> list[str]:
    """Canonical fields that the reading neither gives nor may leave empty: a mistake of the mapping, found by its tests."""
    table = TABLES[reading.table]
    given = {*reading.columns, *_ADDED_BY_LOADER}
    return [name for name in table.fields if name not in given and name not in table.nullable]


def misnamed_columns(reading: Reading) -> list[str]:
    """Columns that the reading gives but the table does not have."""
    return [name for name in reading.columns if name not in TABLES[reading.table].fields]
