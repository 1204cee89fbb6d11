"""pandera contracts of mapped tables: the shape of one frame, generated from `schemas`."""

from __future__ import annotations

import polars as pl

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.errors import ContractError
from q2c_pipeline.quality.outcome import Outcome, Weight
from q2c_pipeline.schemas.adapters import pandera_contract
from q2c_pipeline.schemas.tables import Table

CONTRACT = "contract"
_BREACHES: dict[str, pl.DataType] = {"field": pl.String(), "rule": pl.String(), "breaks": pl.UInt32(), "example": pl.String()}
_ROWS_AT_ONCE = 200_000


def breaches(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """How `frame` breaks the contract of `table`: one row per column and rule with the number of breaks and an example."""
    from pandera.errors import SchemaErrors  # noqa: PLC0415  (0.8 s that only checking runs pay)

    try:
        pandera_contract(table).validate(frame.filter(~pl.col("is_deleted")), lazy=True)
    except SchemaErrors as error:
        return _summary(error.failure_cases)
    return pl.DataFrame(schema=_BREACHES)


def _summary(cases: pl.DataFrame) -> pl.DataFrame:
    return (
        cases.select(
            pl.col("column").cast(pl.String).fill_null("(whole table)").alias("field"),
            pl.col("check").cast(pl.String).alias("rule"),
            pl.col("failure_case").cast(pl.String).alias("example"),
        )
        .group_by("field", "rule")
        .agg(pl.len().alias("breaks"), pl.col("example").first())
        .select("field", "rule", "breaks", "example")
        .sort("field", "rule")
    )


def require_contract(table: Table, frame: pl.DataFrame, where: str) -> None:
    """Raise ContractError when `frame` may not be merged into `table`."""
    broken = breaches(table, frame)
    if broken.is_empty():
        return
    listed = "; ".join(f"{field}: {rule} ({count})" for field, rule, count, _ in broken.head(5).iter_rows())
    raise ContractError(
        expected=f"rows that keep the contract of {table.name}",
        found=f"{broken['breaks'].sum()} breaks ({listed})",
        where=where,
        next_step="correct the platform's mapping; nothing of the instance was merged",
    )


def check_contract(warehouse: Warehouse, table: Table, as_of: object) -> Outcome:
    """Hold the rows that were delivered for `as_of` against the contract once they are stored."""
    names = ", ".join(f'"{name}"' for name in table.fields)
    sql, checked, found = f'select {names} from mapped."{table.name}" where as_of = $as_of', 0, []  # noqa: S608
    for part in warehouse.parts(sql, {"as_of": as_of}, _ROWS_AT_ONCE):
        checked += part.height
        found.append(breaches(table, part))
    broken = _added(found)
    return Outcome(
        name=CONTRACT,
        table=f"mapped.{table.name}",
        is_ok=broken.is_empty(),
        says=f"rows of {table.name} have the types, filled fields and words that the contract demands",
        weight=Weight.STOP,
        facts={"rows_checked": checked, "breaks": int(broken["breaks"].sum())},
        sample=broken,
    )


def _added(found: list[pl.DataFrame]) -> pl.DataFrame:
    """The breaks of all parts, a row a column and rule; contracts look at single rows, so that parts add up to the whole."""
    every = pl.concat([pl.DataFrame(schema=_BREACHES), *found])
    return (
        every.group_by("field", "rule", maintain_order=True)
        .agg(pl.col("breaks").sum(), pl.col("example").first())
        .sort("field", "rule")
    )
