"""Nights that follow each other: incremental is full, the same again changes nothing, the order of arrival does not matter."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from q2c_pipeline.landing.draft import Draft
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.sandbox.company.faults import available_faults
from q2c_pipeline.sandbox.systems import Misbehaviour
from q2c_pipeline_tests.scenarios.later import a_day_of_changes, touched
from q2c_pipeline_tests.scenarios.nights import NEXT_DAY, Company, company, differences, published_tables
from q2c_pipeline_tests.scenarios.site import Site

ONE_DAY = timedelta(days=1)
EVERYTHING = tuple(available_faults())


def ids(tables: dict[str, pl.DataFrame]) -> list[str]:
    return sorted(tables["recon.exception"]["exception_id"])


def a_company(seed: int = 12, faults: tuple[str, ...] = EVERYTHING) -> Company:
    return company(seed, *faults, accounts=40, months=5)


def assert_incremental_is_full(acme: Company, folder: Path, fresh: Path) -> None:
    a_day_of_changes(acme.systems)
    incremental = acme.night(folder, NEXT_DAY)
    full = acme.night(fresh, NEXT_DAY)
    assert differences(published_tables(incremental), published_tables(full)) == []


def test_incremental_is_full(tmp_path: Path, site: Site) -> None:
    shutil.copytree(site.evening, tmp_path / "both")
    assert_incremental_is_full(a_company(), tmp_path / "both", tmp_path / "fresh")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20, 32))
def test_incremental_is_full_in_more_companies(tmp_path: Path, seed: int) -> None:
    acme = a_company(seed, EVERYTHING[seed % 3 :: 3] if seed % 4 else ())
    acme.night(tmp_path / "both")
    assert_incremental_is_full(acme, tmp_path / "both", tmp_path / "fresh")


def test_the_same_night_again_changes_nothing(tmp_path: Path, site: Site) -> None:
    shutil.copytree(site.evening, tmp_path / "stores")
    again = published_tables(site.finish(tmp_path / "stores"))
    assert differences(site.undisturbed, again) == []
    assert ids(site.undisturbed) == ids(again) != []


def test_the_order_of_arrival_does_not_matter(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    land, shuffled_rows = Landing.land, []

    def shuffling(self: Landing, records: Draft, **facts: Any) -> Manifest:
        if records.height:
            rows = records.scan().collect().sample(fraction=1, shuffle=True, seed=5)
            records.restart()
            records.add_frame(rows)
            shuffled_rows.append(records.height)
        return land(self, records, **facts)

    monkeypatch.setattr(Landing, "land", shuffling)
    shuffled = published_tables(site.finish(tmp_path))
    assert differences(site.undisturbed, shuffled) == []
    assert ids(site.undisturbed) == ids(shuffled)
    assert sum(shuffled_rows) > 1_000


@pytest.mark.long
def test_a_rejected_record_counts_once_until_it_is_repaired(tmp_path: Path) -> None:
    acme = company(13)
    deal = next(iter(acme.systems.salesforce["Opportunity"].values()))
    bad = Misbehaviour("salesforce", "malformed_row", "Opportunity", {"id": deal["Id"], "field": "Amount", "value": "lots"})
    acme.systems.misbehaviour.append(bad)
    reasons = []
    for day in (NEXT_DAY - ONE_DAY, NEXT_DAY, NEXT_DAY + ONE_DAY):
        if day > NEXT_DAY:
            acme.systems.misbehaviour.clear()
        touched(deal, day)
        acme.systems.as_of = day
        found = published_tables(acme.night(tmp_path, day))["recon.exception"].filter(pl.col("control_id") == "DQ02")
        reasons.append(found.select("subject_key", "reason").rows())
    said = "amount: expected a number with at most 4 decimals, found 'lots'"
    assert reasons == [[(f"sf_main.Opportunity/{deal['Id']}", said)]] * 2 + [[]]
