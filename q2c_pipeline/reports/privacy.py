"""Masks personal data by the class that its field has, before anything is printed."""

from __future__ import annotations

import polars as pl

from q2c_pipeline.schemas.fields import FIELDS, Pii

SHOWN = 3
"""Last characters of a masked value that stay readable, so that two records can still be told apart."""


def masked(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with tax ids masked, and with the values of rejected personal fields masked."""
    secret = [name for name in frame.columns if _is_secret(name)]
    frame = frame.with_columns(_mask(pl.col(name)).alias(name) for name in secret)
    if not {"field_name", "value"} <= set(frame.columns):
        return frame
    names = [name for name in frame["field_name"].unique().drop_nulls() if _is_secret(name)]
    hidden = pl.col("field_name").is_in(names)
    return frame.with_columns(pl.when(hidden).then(_mask(pl.col("value"))).otherwise(pl.col("value")).alias("value"))


def _mask(value: pl.Expr) -> pl.Expr:
    """DE123456789 -> •••789; a value too short to hide anything shows nothing."""
    tail = pl.when(value.str.len_chars() > 2 * SHOWN).then(value.str.tail(SHOWN)).otherwise(pl.lit(""))
    return pl.when(value.is_null()).then(None).otherwise(pl.concat_str(pl.lit("•••"), tail))


def _is_secret(name: str) -> bool:
    field = FIELDS.get(name)
    return field is not None and field.pii is Pii.TAX_ID
