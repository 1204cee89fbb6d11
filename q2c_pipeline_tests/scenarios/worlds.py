"""Whole worlds for the truth test: a company with planted faults, its systems over HTTP, a night, and what it found."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from q2c_pipeline.orchestration import lookalikes, night
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.sandbox.company.faults import available_faults
from q2c_pipeline.sandbox.systems import Symptom, Truth, evening_before
from q2c_pipeline.settings import Settings, load_settings

AS_OF = date(2026, 6, 30)
CENT_OF_A_CENT = Decimal("0.0001")
UNBALANCED = """
    select leg, legal_entity_code, currency, period, measure
    from recon.bridge
    group by all
    having
        sum(cause_amount) <> any_value(difference_amount)
        or any_value(left_amount) - any_value(right_amount) <> any_value(difference_amount)
"""
"""Groups of the bridge whose causes do not add up to the difference."""
Finding = tuple[str, str, Decimal, str | None]
"""Control, subject, signed amount, currency."""


@dataclass(frozen=True)
class World:
    """A reconciled company: what was planted, and a door to what was found."""

    plan: lookalikes.Plan
    truth: Sequence[Truth]
    settings: Settings
    result: night.NightResult
    symptoms: Sequence[Symptom] = ()

    def query(self, sql: str) -> pl.DataFrame:
        """Rows of the published tables."""
        return night.query_published(self.settings, sql)

    def planted(self) -> Counter[Finding]:
        """What an honest reconciliation must report."""
        return Counter((t.control_id, t.subject_key, t.amount.quantize(CENT_OF_A_CENT), t.currency) for t in self.truth)

    def found(self) -> Counter[Finding]:
        """What this one reported, work in flight included."""
        rows = self.query(
            "select control_id, subject_key, difference_amount, currency from recon.exception "
            "union all select 'timing', subject_key, sum(difference_amount), currency from recon.timing "
            "where measure in ('net', 'receivable') group by subject_key, currency"
        )
        return Counter((c, s, Decimal(a or 0).quantize(CENT_OF_A_CENT), cur) for c, s, a, cur in rows.iter_rows())

    def unlisted(self) -> list[Symptom]:
        """Planted symptoms that are not shown under their cause."""
        rows = self.query("select control_id, cause_control_id, cause_subject_key from recon.symptom").rows()
        listed = {Symptom(*row) for row in rows}
        return [symptom for symptom in self.symptoms if symptom not in listed]


def mixes(count: int) -> list[tuple[int, tuple[str, ...]]]:
    """Seeds with mixes of faults: clean, each alone somewhere, and ever larger handfuls; the same list every time."""
    names = sorted(available_faults())
    drawn: list[tuple[int, tuple[str, ...]]] = [(1, ()), (2, ())]
    dice = random.Random(20260630)
    while len(drawn) < count:
        handful = dice.sample(names, dice.randint(1, len(names)))
        drawn.append((len(drawn) + 1, tuple(sorted(handful))))
    return drawn


def each_alone() -> list[tuple[int, tuple[str, ...]]]:
    """Every fault by itself, so that a failure names its cause."""
    return [(100 + number, (name,)) for number, name in enumerate(sorted(available_faults()))]


@contextmanager
def reconciled(folder: Path, seed: int, faults: Sequence[str], *, accounts: int = 35, months: int = 5) -> Iterator[World]:
    """Build the company, serve it, run a night against it over HTTP; and the night before, where a fault needs it."""
    plan = lookalikes.Plan(seed, accounts, months, AS_OF, tuple(faults))
    credentials = lookalikes.new_credentials()
    systems = build(seed, accounts=accounts, months=months, as_of=AS_OF, faults=faults)
    for seen in [evening_before(systems)] if systems.earlier else []:
        with lookalikes.serving(seen, credentials) as urls:
            night.run_night(load_settings(lookalikes.write_config(folder, urls), credentials), seen.as_of, lambda *_: None)
    with lookalikes.serving(systems, credentials) as urls:
        settings = load_settings(lookalikes.write_config(folder, urls), credentials)
        result = night.run_night(settings, AS_OF, lambda *_: None)
        yield World(plan, systems.truth, settings, result, systems.symptoms)
