"""What surrounds a run: its day, its lock, its schedule, its home and the words in which it fails."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg
import pytest

from q2c_pipeline.errors import ConfigurationError, SqlError, StoreError
from q2c_pipeline.orchestration import jobs
from q2c_pipeline.orchestration.graph import build_definitions
from q2c_pipeline.orchestration.home import dagster_home, dagster_instance
from q2c_pipeline.orchestration.jobs import run_nightly_job
from q2c_pipeline.orchestration.night import night_lock
from q2c_pipeline.orchestration.resources import explained, parse_as_of
from q2c_pipeline.orchestration.schedules import nightly_schedule
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.unit.orchestration.conftest import ROOT

LAST = date(2026, 6, 30)


def test_the_day_is_the_last_complete_one_unless_told() -> None:
    assert parse_as_of("", LAST) == LAST
    assert parse_as_of("2026-06-29", LAST) == date(2026, 6, 29)


@pytest.mark.parametrize("text", ["30.06.2026", "2026-07-01"])
def test_a_day_that_is_none_or_not_over_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        parse_as_of(text, LAST)


def test_the_schedule_asks_for_the_day_that_ended_in_the_company_s_zone(settings: Settings) -> None:
    schedule = nightly_schedule(settings)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 2 * * *", "Europe/Berlin")
    # 00:30 UTC is 02:30 in Berlin in summer: the day that ended there is the 30th.
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 7, 1, 0, 30, tzinfo=UTC))
    request = schedule(context)
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == "2026-06-30"
    assert request.run_config == {"resources": {"night": {"config": {"as_of": "2026-06-30", "full": False}}}}
    assert request.tags["q2c/as_of"] == "2026-06-30"


def test_the_home_has_the_options_of_the_checkout(settings: Settings) -> None:
    home = dagster_home(settings)
    assert home == settings.stores.dagster
    assert (home / "dagster.yaml").read_text(encoding="utf-8") == (ROOT / "dagster.yaml").read_text(encoding="utf-8")


def test_options_beside_the_configuration_go_first(settings: Settings) -> None:
    (settings.root / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    assert (dagster_home(settings) / "dagster.yaml").read_text(encoding="utf-8").startswith("telemetry")


def test_telemetry_is_off_and_a_pool_holds_one(settings: Settings) -> None:
    with dagster_instance(settings) as instance:
        assert not instance.telemetry_enabled
        assert instance.global_op_concurrency_default_limit == 1


def test_an_error_on_purpose_fails_a_step_in_its_own_words_and_is_not_repeated() -> None:
    facts = {"expected": "a statement", "found": "none", "where": "x.sql", "next_step": "write one"}
    with pytest.raises(dg.Failure, match="expected a statement") as caught, explained():
        raise SqlError(**facts)
    assert not caught.value.allow_retries
    assert caught.value.metadata["next step"].value == "write one"


def test_a_second_run_says_so_and_stops(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "refuse_closed_secrets", lambda _: None)
    with night_lock(settings), pytest.raises(StoreError, match="expected no other run"):
        run_nightly_job(settings, LAST, lambda *_: None)
    with dagster_instance(settings) as instance:
        (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.FAILURE


def test_slots_of_a_killed_run_do_not_hold_up_the_next(settings: Settings) -> None:
    definitions = build_definitions(settings)
    night = definitions.resources["night"]  # type: ignore[index]
    with dagster_instance(settings) as instance:
        store = instance.event_log_storage
        store.initialize_concurrency_limit_to_default("duckdb")
        store.claim_concurrency_slot("duckdb", "killed", "load")
        assert store.get_concurrency_run_ids() == {"killed"}
        with dg.build_resources({"night": night}, instance=instance, resource_config={"night": {"config": {}}}):
            assert store.get_concurrency_run_ids() == set()
