"""Exceptions over several nights: cases follow what is published; a system that was not read is not blamed for what it lacks."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from q2c_pipeline.exceptions.cases import Case, cases
from q2c_pipeline.exceptions.lifecycle import Happening, Status
from q2c_pipeline.orchestration import lookalikes, night
from q2c_pipeline.orchestration.casework import legs_judged
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline_tests.scenarios.nights import AS_OF, NEXT_DAY, company

FOUND = "select control_id, subject_key, currency, difference_amount from recon.exception where leg in ('BB', 'BP') order by all"
PUBLISHED = "select exception_id from recon.exception order by all"


def kept(settings: Settings) -> list[Case]:
    with state_of(settings) as state, state.connect() as connection:
        return cases(connection)


def test_a_system_that_could_not_be_read_resolves_nothing_and_is_not_blamed(tmp_path: Path) -> None:
    simulated = company(5, "bb04_price_drift", "bp03_posted_twice")
    settings = simulated.night(tmp_path, AS_OF)
    found = night.query_published(settings, PUBLISHED)["exception_id"].to_list()
    assert sorted(one.exception_id for one in kept(settings)) == found
    assert {one.status for one in kept(settings)} == {Status.OPEN}
    before = night.query_published(settings, FOUND)

    with simulated.served() as urls:
        config = lookalikes.write_config(tmp_path, urls)
        wrong_key = simulated.credentials | {lookalikes.variable("stripe_main", "api_key"): "not-the-key"}
        result = night.run_night(load_settings(config, wrong_key), NEXT_DAY, lambda *_: None)
    assert result.cases is not None
    assert result.unread == {"stripe_main"}
    assert result.cases.counts[Happening.RESOLVED] == 0
    assert {one.status for one in kept(settings)} == {Status.OPEN}
    assert len(result.blocked) == 1
    assert "stripe_main" in str(result.blocked[0])
    assert night.query_published(settings, FOUND).equals(before)
    due_today = f"select count(*) from grid.booked_billed where due_date = date '{NEXT_DAY}' and is_in_flight"
    assert night.query_published(settings, due_today).item() > 0


def test_a_repaired_company_has_its_cases_resolved(tmp_path: Path) -> None:
    settings = company(5, "bb04_price_drift").night(tmp_path, AS_OF)
    assert any(one.control_id == "BB04" for one in kept(settings))
    for store in (settings.stores.landing, settings.stores.warehouse.parent):  # the systems are read anew, as they are now
        shutil.rmtree(store)
    company(5).night(tmp_path, NEXT_DAY)
    mine = [one for one in kept(settings) if one.control_id == "BB04"]
    assert [(one.status, one.resolved_on) for one in mine] == [(Status.RESOLVED, NEXT_DAY)] * len(mine)


def test_legs_that_read_a_left_out_system_are_not_judged(tmp_path: Path) -> None:
    with company(5).served() as urls:
        config = lookalikes.write_config(tmp_path, urls)
    settings = load_settings(config, {})
    judged, left_out = legs_judged(settings, {"netsuite_main"})
    assert judged == {"BB"}
    assert {"BP", "SL", "RR", "MD", "ST", "LA", "DQ"} == left_out
    assert legs_judged(settings, ()) == (judged | left_out, frozenset())


def test_the_end_of_a_day_is_the_companys(tmp_path: Path) -> None:
    with company(5).served() as urls:
        settings = load_settings(lookalikes.write_config(tmp_path, urls), {})
    assert settings.business_day(settings.end_of(date(2026, 6, 30))) == date(2026, 6, 30)
