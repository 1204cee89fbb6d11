"""Companies whose ledger posts one journal for all documents of a day, reconciled over HTTP."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from q2c_pipeline.orchestration import lookalikes, night
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.sandbox.company.faults.summary import known_faults
from q2c_pipeline.settings import load_settings
from q2c_pipeline_tests.scenarios.worlds import AS_OF, World

Grouping = Literal["entity_day", "batch"]
CONVENTION = """
[policy.conventions.netsuite_main]
summary_journals = "{grouping}"
summary_prefix = "SUM-"
"""
BESIDE = (
    "bb04_price_drift",
    "bb06_period_skipped",
    "bb08_billed_twice",
    "bb12_month_not_billed",
    "md03_terms_promised_by_sales",
    "st01_status_never_updated",
)
"""Faults of billing and of master data that leave the ledger's documents consistent."""


def mixes(count: int) -> list[tuple[int, tuple[str, ...]]]:
    """Seeds with handfuls of faults of summaries, the same list every time."""
    names, dice = known_faults(), random.Random(20260701)
    return [(200 + seed, tuple(sorted(dice.sample(names, dice.randint(3, 8))))) for seed in range(count)]


def each_alone() -> list[tuple[int, tuple[str, ...]]]:
    """Every fault by itself, so that a failure names its cause."""
    return [(300 + number, (name,)) for number, name in enumerate(known_faults())]


@contextmanager
def reconciled(
    folder: Path,
    seed: int,
    faults: Sequence[str],
    *,
    accounts: int = 60,
    months: int = 6,
    grouping: Grouping = "entity_day",
) -> Iterator[World]:
    """Build the company, serve it, run a night against it under a policy that says how it posts."""
    credentials = lookalikes.new_credentials()
    systems = build(seed, accounts=accounts, months=months, as_of=AS_OF, faults=faults, posts_summaries=grouping)
    with lookalikes.serving(systems, credentials) as urls:
        path = lookalikes.write_config(folder, urls)
        path.write_text(path.read_text(encoding="utf-8") + CONVENTION.format(grouping=grouping), encoding="utf-8")
        settings = load_settings(path, credentials)
        result = night.run_night(settings, AS_OF, lambda *_: None)
        yield World(lookalikes.Plan(seed, accounts, months, AS_OF, tuple(faults)), systems.truth, settings, result)
