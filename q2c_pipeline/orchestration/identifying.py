"""Identity at the command line: thresholds of the policy, records of the published file, people's words from the state store."""
# ruff: noqa: PLC0415  (Splink is slow to import, and scoring a file does without it)

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.identity.scoring import Thresholds
from q2c_pipeline.settings import CONFIG_NAME, CONFIG_VARIABLE, Settings, did_you_mean, load_settings
from q2c_pipeline.state.judgements import Judgement, Opinion, judgements, record_judgement
from q2c_pipeline.state.store import open_state

if TYPE_CHECKING:
    from q2c_pipeline.identity.resolve import Resolution

_ACCOUNTS = "select a.*, i.role from canonical.account as a inner join policy.instance as i on a.instance = i.instance"


def thresholds(config: Path | None) -> Thresholds:
    """Those of the configuration that is named or lies in this folder; else the defaults, so that a file alone can be scored."""
    if config is None and CONFIG_VARIABLE not in os.environ and not Path(CONFIG_NAME).exists():
        return Thresholds()
    return load_settings(config).policy.identity.thresholds


def accounts(settings: Settings) -> pl.DataFrame:
    """Customer records of the published file with the role of their system."""
    with open_published(settings.stores.published) as published:
        return published.query(_ACCOUNTS)


def resolved(settings: Settings, records: pl.DataFrame) -> Resolution:
    """Who is who, with the policy's thresholds and everything that people decided."""
    from q2c_pipeline.identity.resolve import resolve

    engine = open_state(settings.stores.state)
    try:
        said = judgements(engine)
    finally:
        engine.dispose()
    return resolve(records, said, settings.policy.identity.thresholds)


def review(settings: Settings) -> pl.DataFrame:
    """Uncertain pairs with both names, the likeliest first."""
    records = accounts(settings)
    names = records.select(pl.concat_str("instance", pl.lit(":"), "source_id").alias("key"), pl.col("account_name").alias("name"))
    pairs = resolved(settings, records).uncertain()
    named = pairs.join(names.rename({"key": "left_key", "name": "left_name"}), on="left_key", how="left", maintain_order="left")
    named = named.join(
        names.rename({"key": "right_key", "name": "right_name"}), on="right_key", how="left", maintain_order="left"
    )
    return named.select("left_key", "left_name", "right_key", "right_name", "method", "score", "explanation")


def judge(settings: Settings, pair: tuple[str, str], opinion: Opinion, why: str, who: str, at: datetime) -> Judgement:
    """Store a person's word on two records of the published file; raises ConfigurationError for a record that is not there."""
    records = accounts(settings)
    keys = records.select(pl.concat_str("instance", pl.lit(":"), "source_id"), "source_id").rows()
    left, right = (_key(given, keys) for given in pair)
    judgement = Judgement(left, right, opinion, why, who, at)
    engine = open_state(settings.stores.state)
    try:
        record_judgement(engine, judgement)
    finally:
        engine.dispose()
    return judgement


def _key(given: str, keys: list[tuple[str, str]]) -> str:
    """`instance:id`, or an id alone where only one system has it."""
    found = sorted({key for key, source_id in keys if given in (key, source_id)})
    if len(found) == 1:
        return found[0]
    raise ConfigurationError(
        expected="a customer record as INSTANCE:ID",
        found=f"'{given}'" if not found else f"'{given}', which is {' and '.join(found)}",
        where="q2c identity judge",
        next_step=did_you_mean(given, [key for key, _ in keys]) if keys else "run `q2c nightly` first",
    )
