"""Which pairs of records are worth comparing, and how likely each is by Splink's measure."""

from __future__ import annotations

import warnings

import polars as pl

from q2c_pipeline.engine.runner import Warehouse

BLOCKS = (
    "tax_digits_block",
    "site_block",
    "name_key_block",
    "two_words_block",
    "brand_block",
    "heard_block",
    "beginning_block",
    "initials_block",
    "listed_block",
)
_COLUMNS = ("account_key", "is_open", "name_key", "joined", "form", "country", "tax_key", "site", *BLOCKS)
TRAINABLE_RECORDS = 2_000
"""With fewer records nothing can be learned: what is written on them alone decides."""


def weighed_pairs(records: pl.DataFrame, least: float) -> pl.DataFrame:
    """Pairs with an open record that share a block, left_key < right_key, with Splink's match probability (1 untrained).

    Those that Splink holds less likely than `least` are left out.
    """
    if records.height < TRAINABLE_RECORDS:
        return _pairs_in_blocks(records)
    return _predicted(records, least)


def _pairs_in_blocks(records: pl.DataFrame) -> pl.DataFrame:
    """Every pair that shares a block."""
    pairs = [_pairs_in(records.select("account_key", "is_open", block=block).drop_nulls()) for block in BLOCKS]
    return pl.concat(pairs).unique().with_columns(probability=pl.lit(1.0)).sort("left_key", "right_key")


def _pairs_in(block: pl.DataFrame) -> pl.DataFrame:
    pairs = block.filter("is_open").join(block, on="block").filter(pl.col("account_key") != pl.col("account_key_right"))
    return pairs.select(
        left_key=pl.min_horizontal("account_key", "account_key_right"),
        right_key=pl.max_horizontal("account_key", "account_key_right"),
    )


def _predicted(records: pl.DataFrame, least: float) -> pl.DataFrame:
    # Splink is slow to import, and a night that ids settle does without it.
    from q2c_pipeline.identity.training import trained_linker  # noqa: PLC0415

    with Warehouse(threads=1) as warehouse, warnings.catch_warnings():  # one thread, so that samples are drawn alike every time
        warnings.simplefilter("ignore")
        linker = trained_linker(warehouse.connection, records.select(_COLUMNS))
        pairs = linker.inference.predict(threshold_match_probability=least)
        frame: pl.DataFrame = warehouse.connection.table(pairs.physical_name).pl()
    return frame.select(
        left_key=pl.min_horizontal("account_key_l", "account_key_r"),
        right_key=pl.max_horizontal("account_key_l", "account_key_r"),
        probability="match_probability",
    ).sort("left_key", "right_key")
