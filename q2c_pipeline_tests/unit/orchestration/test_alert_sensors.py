"""The daemon's part in alerts: failed nights are told, once, and what waits is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg
import pytest

from q2c_pipeline.orchestration.alert_sensors import alert_sensors
from q2c_pipeline.orchestration.lookalikes import INSTANCES, write_config
from q2c_pipeline.orchestration.schedules import AS_OF_TAG, CALLER_TELLS_TAG, NIGHTLY
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline_tests.receivers import Web, web_receiver


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Settings, Web]]:
    with web_receiver() as web:
        config = write_config(tmp_path, dict.fromkeys(INSTANCES, "http://127.0.0.1:1"))
        config.write_text(config.read_text() + '[policy.alerts.channels.all]\nurl = "env:HOOK"\n')
        yield load_settings(config, {"HOOK": f"json://127.0.0.1:{web.port}/x"}), web


def fail(settings: Settings, job_name: str, tags: Mapping[str, str]) -> None:
    """Let a run of that job fail, and let the sensor hear of it."""

    @dg.op
    def broken() -> None:
        message = "no"
        raise ValueError(message)

    @dg.job(name=job_name)
    def job() -> None:
        broken()

    (sensor,) = (one for one in alert_sensors(settings) if one.name == "failed_night")
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(instance=instance, raise_on_error=False, tags=dict(tags))
        event = done.get_run_failure_event()
        context = dg.build_run_status_sensor_context(sensor.name, event, instance, done.dagster_run)
        sensor(context.for_run_failure())


def test_a_failed_night_is_told(site: tuple[Settings, Web]) -> None:
    settings, web = site
    fail(settings, NIGHTLY, {AS_OF_TAG: "2026-06-30"})
    ((_, body),) = web.posts
    assert "the run for 2026-06-30 failed: run " in body["message"]


@pytest.mark.parametrize(("job", "tags"), [(NIGHTLY, {CALLER_TELLS_TAG: "yes"}), ("another", {})])
def test_what_its_caller_tells_or_is_no_night_is_left_alone(site: tuple[Settings, Web], job: str, tags: dict[str, str]) -> None:
    settings, web = site
    fail(settings, job, tags)
    assert web.posts == []


def test_what_waits_is_sent_and_both_start_switched_off(site: tuple[Settings, Web]) -> None:
    settings, web = site
    web.status = 503
    fail(settings, NIGHTLY, {})
    web.status = 200
    (sensor,) = (one for one in alert_sensors(settings) if one.name == "alerts_waiting")
    assert isinstance(sensor, dg.SensorDefinition)
    with dg.build_sensor_context() as context:
        said = sensor.evaluate_tick(context).skip_message
    assert said == "all: 1 told"
    assert len(web.posts) == 2
    assert {one.default_status for one in alert_sensors(settings)} == {dg.DefaultSensorStatus.STOPPED}
