"""The push from Dagster: a preview unless told otherwise, and a sensor that asks once for each state of the outbox."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from q2c_pipeline.corrections import approval
from q2c_pipeline.corrections.policy import Approvers, Rule
from q2c_pipeline.corrections.record import Status, select_where
from q2c_pipeline.corrections.refresh import refresh
from q2c_pipeline.domain.repairs import Pusher
from q2c_pipeline.orchestration import pushing
from q2c_pipeline.orchestration.correcting import acting
from q2c_pipeline.orchestration.push_jobs import COMPENSATE, PUSH, push_jobs, push_sensor
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.unit.corrections.making import AT, DAY, ScriptedPusher, anybody, set_status


@pytest.fixture
def pusher(monkeypatch: pytest.MonkeyPatch) -> ScriptedPusher:
    scripted = ScriptedPusher()

    def opened(settings: Settings, instance: str) -> Pusher:
        assert instance in {one.name for one in settings.instances}
        return scripted

    monkeypatch.setattr(pushing, "open_pusher", opened)
    return scripted


def _approved(settings: Settings) -> None:
    with acting(settings, "anna", AT) as trail:
        refresh(trail.connection, [set_status()], DAY, trail)
        shown = approval.proposed(trail, [one.correction_id for one in select_where(trail.connection)])
        approval.approve(trail, shown, shown.digest, anybody, [Rule(Approvers.ONE)], "fine")


def _status(settings: Settings) -> Status:
    with acting(settings, "", AT) as trail:
        return select_where(trail.connection)[0].status


def _job(settings: Settings, name: str) -> dg.JobDefinition:
    return next(job for job in push_jobs(settings) if job.name == name)


def test_the_job_is_a_preview_unless_told_to_send(settings: Settings, pusher: ScriptedPusher) -> None:
    _approved(settings)
    assert _job(settings, PUSH).execute_in_process().success
    assert (pusher.sent, _status(settings)) == ([], Status.APPROVED)
    config = {"ops": {"push": {"config": {"execute": True}}}}
    assert _job(settings, PUSH).execute_in_process(run_config=config).success
    assert (len(pusher.sent), _status(settings)) == (1, Status.ACKNOWLEDGED)


def test_an_undoing_is_only_proposed(settings: Settings, pusher: ScriptedPusher) -> None:
    _approved(settings)
    _job(settings, PUSH).execute_in_process(run_config={"ops": {"push": {"config": {"execute": True}}}})
    with acting(settings, "", AT) as trail:
        correction_id = select_where(trail.connection)[0].correction_id
    config = {"ops": {"propose_undoing": {"config": {"correction_id": correction_id, "why": "wrong order"}}}}
    assert _job(settings, COMPENSATE).execute_in_process(run_config=config).success
    with acting(settings, "", AT) as trail:
        assert {one.status for one in select_where(trail.connection)} == {Status.COMPENSATING, Status.PROPOSED}
    assert len(pusher.sent) == 1


def test_the_sensor_asks_once_for_what_waits_and_sends_only_by_policy(settings: Settings) -> None:
    sensor = push_sensor(settings)
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    with dg.instance_for_test() as instance, dg.build_sensor_context(instance=instance) as context:
        assert sensor.evaluate_tick(context).skip_message == "nothing waits to be pushed"
        _approved(settings)
        (first,), (second,) = (sensor.evaluate_tick(context).run_requests or [] for _ in range(2))
    assert first.run_key == second.run_key
    assert first.run_config == {"ops": {"push": {"config": {"execute": False}}}}


def test_the_stores_are_the_settings_own(settings: Settings, tmp_path: Path) -> None:
    _approved(settings)
    assert settings.stores.state.is_relative_to(tmp_path)
    assert settings.stores.state.exists()
