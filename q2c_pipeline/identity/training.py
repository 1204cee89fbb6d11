"""Probabilistic linkage of whole systems: Splink on DuckDB, trained on the records themselves, without labels."""

from __future__ import annotations

import logging
from typing import Any

import polars as pl
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.blocking_rule_library import CustomRule

from q2c_pipeline.identity.candidates import BLOCKS

_SEED = 1
_TELLING_RECORDS = 500
_COMMONNESS = 0.3
"""How much a frequent name counts less: its frequency includes its own partners, so not by its whole."""


def trained_linker(connection: Any, records: pl.DataFrame) -> Linker:
    """Splink's model of these records, ready to predict."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    api = DuckDBAPI(connection)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="account_key",
        comparisons=[
            _name(records.height),
            _form(),
            _exact("country", 0.9, _level(levels.ExactMatchLevel("country"), 0.9, 0.2)),
            _exact("tax_key", 0.95, _rare(levels.ExactMatchLevel("tax_key"), 0.95, 0.02, records.height)),
            _exact("site", 0.8, _rare(levels.ExactMatchLevel("site"), 0.8, 1.0, records.height)),
        ],
        blocking_rules_to_generate_predictions=[_open_pairs(block) for block in BLOCKS],
        probability_two_random_records_match=_prior(records),
        retain_matching_columns=False,
    )
    linker = Linker(api.register(records.to_arrow(), table_name="records"), settings, log_level=logging.ERROR)
    _train(linker, records)
    return linker


def _open_pairs(block: str) -> Any:
    """Pairs of one block; what two settled records are to each other is settled."""
    return CustomRule(f"l.{block} = r.{block} and (l.is_open or r.is_open)", sql_dialect="duckdb")


def _prior(records: pl.DataFrame) -> float:
    """Every record has a partner or two: about one pair in as many as there are records."""
    return min(0.05, 2.0 / records.height)


def _train(linker: Linker, records: pl.DataFrame) -> None:
    """How often fields agree by chance is counted on random pairs; how often for one company, by expectation-maximisation.

    A block in which few records meet teaches nothing: what is written in the levels stays in force then.
    """
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=_SEED)
    for block in ("beginning_block", "tax_digits_block"):
        if records[block].drop_nulls().is_duplicated().sum() >= _TELLING_RECORDS:
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(block), fix_probability_two_random_records_match=True
            )


def _name(count: int) -> Any:
    equal = levels.ExactMatchLevel("name_key", term_frequency_adjustments=True).configure(tf_adjustment_weight=_COMMONNESS)
    return comparisons.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            levels.NullLevel("name_key"),
            _rare(equal, 0.75, 0.2, count),
            _rare(levels.ExactMatchLevel("joined"), 0.02, 0.05, count),
            _rare(levels.JaroWinklerLevel("joined", 0.94), 0.12, 0.4, count),
            _level(levels.ExactMatchLevel("brand_block"), 0.05, 0.0004),
            _level(levels.ExactMatchLevel("initials_block"), 0.01, 0.0001),
            _level(levels.JaroWinklerLevel("joined", 0.84), 0.03, 0.004),
            _level(levels.ElseLevel(), 0.02, 0.995275),
        ],
    )


def _form() -> Any:
    return comparisons.CustomComparison(
        output_column_name="form",
        comparison_levels=[
            levels.NullLevel("form"),
            _level(levels.ExactMatchLevel("form"), 0.9, 0.2),
            _level(levels.ElseLevel(), 0.1, 0.8),
        ],
    )


def _exact(column: str, m: float, equal: Any) -> Any:
    return comparisons.CustomComparison(
        output_column_name=column,
        comparison_levels=[levels.NullLevel(column), equal, _level(levels.ElseLevel(), 1 - m, 0.9)],
    )


def _level(level: Any, m: float, u: float) -> Any:
    return level.configure(m_probability=m, u_probability=u)


def _rare(level: Any, m: float, strangers: float, count: int) -> Any:
    """An agreement that a record shares with its partners and with so many strangers, however long the list is.

    It is not counted on random pairs: nearly all that agree are one company, and would teach that strangers agree as often.
    """
    return level.configure(m_probability=m, u_probability=min(0.01, strangers / count), fix_u_probability=True)
