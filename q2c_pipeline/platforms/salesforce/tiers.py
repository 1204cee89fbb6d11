"""A usage price's tiers: the JSON text of one order line becomes one row a tier, digit by digit.

`[{"up_to":"1000","unit_price":"0"},{"up_to":null,"unit_price":"0.02"}]` gives (1, from 0, up to 1000, at 0) and
(2, from 1000, no end, at 0.02). The text is taken apart by pattern: a JSON parser would read the prices as floats, and
would stop the whole batch at the first text that is not JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from q2c_pipeline.schemas.reading import Column, apply, combine, money, rate, text

_NUMBER = r'(?:"-?\d+(?:\.\d+)?"|-?\d+(?:\.\d+)?|null)'
_PAIR = rf'"(?:up_to|unit_price|flat_amount|package_size)"\s*:\s*{_NUMBER}'
_TIER = rf"\{{\s*{_PAIR}(?:\s*,\s*{_PAIR})*\s*\}}"
_LIST = rf"^\s*\[\s*{_TIER}(?:\s*,\s*{_TIER})*\s*\]\s*$"


@dataclass(frozen=True)
class Tiers:
    """The three parts of the reading of contract_tier."""

    columns: dict[str, Column]
    where: pl.Expr
    prepare: Callable[[pl.LazyFrame], pl.LazyFrame]


def _explode(frame: pl.LazyFrame) -> pl.LazyFrame:
    """One row a tier, with its number and the limit of the tier before it; any other row stays as it is."""
    tiers = pl.when(_is_list()).then(pl.col("usage_tiers").str.extract_all(_TIER)).otherwise(pl.concat_list(_no_text()))
    numbered = frame.with_columns(tier=tiers).with_columns(
        tier_number=pl.int_ranges(1, pl.col("tier").list.len() + 1),
        limits=pl.col("tier").list.eval(_figure(pl.element(), "up_to")),
    )
    before = pl.concat_list(pl.lit("0"), pl.col("limits").list.head(pl.col("limits").list.len() - 1))
    exploded = numbered.with_columns(from_quantity=before).drop("limits").explode("tier", "tier_number", "from_quantity")
    return exploded.with_columns(
        up_to_quantity=_figure(pl.col("tier"), "up_to"),
        tier_price=_figure(pl.col("tier"), "unit_price"),
        flat_amount=_figure(pl.col("tier"), "flat_amount"),
        package_size=_figure(pl.col("tier"), "package_size"),
    )


def _no_text() -> pl.Expr:
    return pl.lit(None, dtype=pl.String)


def _is_list() -> pl.Expr:
    return pl.col("usage_tiers").str.contains(_LIST).fill_null(value=False)


def _figure(tier: pl.Expr, name: str) -> pl.Expr:
    """The digits of one figure of a tier, whether it stands in quotes or not; null where it is null or absent."""
    return tier.str.extract(rf'"{name}"\s*:\s*"?(-?\d+(?:\.\d+)?)')


def _problem(wrong: pl.Expr, expected: str) -> pl.Expr:
    return pl.when(wrong).then(pl.format(f"usage_tiers: expected {expected}, found '{{}}'", pl.col("usage_tiers")))


def _number() -> Column:
    return Column(pl.col("tier_number"), _problem(~_is_list(), "a list of tiers with up_to and unit_price"))


def _limit() -> Column:
    def is_not_above(limit: pl.Expr, start: pl.Expr) -> pl.Expr:
        return (limit <= start).fill_null(value=False)

    limit, falls = rate("up_to_quantity"), combine(is_not_above, rate("up_to_quantity"), rate("from_quantity"))
    problem = pl.coalesce(limit.problem, _problem(falls.value, "limits that rise"))
    return Column(limit.value, problem, steps=falls.steps)


TIERS = Tiers(
    columns={
        "source_id": Column(pl.format("{}/{}", pl.col("id"), pl.col("tier_number"))),
        "tier_number": _number(),
        "contract_line_source_id": text("id"),
        "from_quantity": rate("from_quantity"),
        "up_to_quantity": _limit(),
        "unit_price": rate("tier_price"),
        "flat_amount": apply(lambda value: value.fill_null(0), money("flat_amount")),
        "package_size": rate("package_size"),
    },
    where=pl.col("usage_tiers").str.strip_chars().str.len_bytes() > 0,
    prepare=_explode,
)
