"""Who is who: the step of a night between canonical tables and links, and the same questions at the command line."""
# ruff: noqa: PLC0415  (Splink is slow to import, and scoring a file does without it)

from __future__ import annotations

import os
import time
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from q2c_pipeline import identity as resolving
from q2c_pipeline.domain.keys import digest
from q2c_pipeline.engine.exchange import sum_of_hashes
from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.engine.runner import RunResult, Warehouse
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.identity.scoring import Thresholds
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.settings import CONFIG_NAME, CONFIG_VARIABLE, Settings, did_you_mean, load_settings
from q2c_pipeline.state.judgements import Judgement, Opinion, judgements, record_judgement

if TYPE_CHECKING:
    from q2c_pipeline.identity.settling import Settled

TABLES = {
    "identity.account": "CRM accounts of customer records that no id settles: by people, tax ids, domains, addresses and names",
    "identity.duplicate": "records of one system that are one customer by more than ids: the second of each pair is to be merged",
    "identity.customer": "the customer of every record that ids leave open, named after its first CRM record",
    "identity.link": "every pair that was compared and not found different, with method, score, decision and explanation",
}
"""The tables of the step, and what they hold."""
READS = ("canonical.account", "claim.account", "policy.instance")
_ACCOUNTS = """
    select
        a.instance, a.source_id, a.account_number, a.account_name, a.tax_id, a.country_code, a.currency, a.domain, a.address,
        a.parent_source_id, i.role
    from canonical.account as a
    inner join policy.instance as i on a.instance = i.instance
"""
_NOTE = ("create schema if not exists identified", "create table if not exists identified.basis (digest varchar)")
"""What the tables were filled from last; beside them, as no reader needs it."""
_LIBRARIES = ("polars", "rapidfuzz", "splink", "python-stdnum", "publicsuffixlist", "anyascii", "ftfy")
_CLAIMS = "select other_account_key, account_key, method, evidence from claim.account"


def thresholds(config: Path | None) -> Thresholds:
    """Those of the configuration that is named or lies in this folder; else the defaults, so that a file alone can be scored."""
    if config is None and CONFIG_VARIABLE not in os.environ and not Path(CONFIG_NAME).exists():
        return Thresholds()
    return load_settings(config).policy.identity.thresholds


def identify(settings: Settings, warehouse: Warehouse, *, anew: bool = False) -> list[RunResult]:
    """Fill the tables of schema identity from the canonical ones, and say how many rows each has.

    They stay as they are where nothing differs that they were filled from, unless they shall be filled `anew`.
    """
    start, basis = time.perf_counter(), _basis(settings, warehouse)
    for statement in _NOTE:
        warehouse.connection.execute(statement)
    if anew or warehouse.query("select digest from identified.basis").rows() != [(basis,)]:
        # Whoever breaks off in between leaves no basis behind.
        warehouse.connection.execute("delete from identified.basis")
        found = settled(settings, warehouse)
        for name, frame in zip(TABLES, (found.account, found.duplicate, found.customer, found.link), strict=True):
            warehouse.replace(name, frame)
        warehouse.connection.execute("insert into identified.basis values ($basis)", {"basis": basis})
    return [RunResult(name, warehouse.count(name), time.perf_counter() - start) for name in TABLES]


def _basis(settings: Settings, warehouse: Warehouse) -> str:
    """Everything that who is who depends on: records, claims, people's decisions, thresholds, and the code and its data."""
    with state_of(settings) as state:
        said = sorted(map(repr, judgements(state)))
    hashed = "(select hash(r) as row_hash from ({}) as r)"
    read = [sum_of_hashes(warehouse, hashed.format(rows)) for rows in (_ACCOUNTS, _CLAIMS)]
    return digest(repr(read), repr(said), repr(settings.policy.identity.thresholds), _code(), length=64)


@cache
def _code() -> str:
    folder = Path(resolving.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    return digest(*texts, *map(version, _LIBRARIES), length=64)


def settled(settings: Settings, warehouse: Warehouse) -> Settled:
    """Who is who, with the policy's thresholds and everything that people decided."""
    from q2c_pipeline.identity.settling import settle

    with state_of(settings) as state:
        said = judgements(state)
    return settle(warehouse.query(_ACCOUNTS), warehouse.query(_CLAIMS), said, settings.policy.identity.thresholds)


def accounts(settings: Settings) -> pl.DataFrame:
    """Customer records of the published file with the role of their system."""
    with open_published(settings.stores.published) as published:
        return published.query(_ACCOUNTS)


def review(settings: Settings) -> pl.DataFrame:
    """Uncertain pairs with both names, the likeliest first; what people have decided since the night counts already."""
    with open_published(settings.stores.published) as published:
        pairs, records = settled(settings, published).uncertain(), published.query(_ACCOUNTS)
    names = records.select(pl.concat_str("instance", pl.lit(":"), "source_id").alias("key"), pl.col("account_name").alias("name"))
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
    with state_of(settings) as state:
        record_judgement(state, judgement, settings.policy.version)
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
