"""The tables of `tables.py` in the words of each library: Polars dtypes, DuckDB DDL, pandera contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from q2c_pipeline.schemas.fields import Field, Type

if TYPE_CHECKING:
    import pandera.polars as pa

    from q2c_pipeline.schemas.tables import Table

_POLARS: dict[Type, pl.DataType] = {
    Type.TEXT: pl.String(),
    Type.MONEY: pl.Decimal(20, 4),
    Type.RATE: pl.Decimal(16, 8),
    Type.COUNT: pl.Int64(),
    Type.DATE: pl.Date(),
    Type.INSTANT: pl.Datetime("us", "UTC"),
    Type.FLAG: pl.Boolean(),
}
_DUCKDB: dict[Type, str] = {
    Type.TEXT: "VARCHAR",
    Type.MONEY: "DECIMAL(20,4)",
    Type.RATE: "DECIMAL(16,8)",
    Type.COUNT: "BIGINT",
    Type.DATE: "DATE",
    Type.INSTANT: "TIMESTAMPTZ",
    Type.FLAG: "BOOLEAN",
}


def polars_type(field: Field) -> pl.DataType:
    """The Polars dtype that holds `field`."""
    return _POLARS[field.kind]


def polars_schema(table: Table) -> pl.Schema:
    """Column names and dtypes of `table`, in order."""
    return pl.Schema({name: polars_type(field) for name, field in table.fields.items()})


def duckdb_ddl(table: Table, schema: str) -> str:
    """The statement that creates `schema.<table>` if it is not there."""
    columns = ", ".join(f'"{name}" {_DUCKDB[field.kind]}' for name, field in table.fields.items())
    return f'CREATE TABLE IF NOT EXISTS "{schema}"."{table.name}" ({columns})'


def pandera_contract(table: Table) -> pa.DataFrameSchema:
    """The contract of a mapped frame of `table`: dtypes, which fields may be empty, closed vocabularies."""
    import pandera.polars as pa  # noqa: PLC0415  (0.8 s that only checking runs pay)

    columns = {
        name: pa.Column(
            polars_type(field),
            checks=[pa.Check.isin([word.value for word in field.values])] if field.values else [],
            nullable=name in table.nullable,
            required=True,
        )
        for name, field in table.fields.items()
    }
    return pa.DataFrameSchema(columns, name=table.name, strict=True, ordered=True)
