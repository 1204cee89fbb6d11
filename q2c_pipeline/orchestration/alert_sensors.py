"""What Dagster's daemon does about alerts: it sends what waits, and tells of runs that failed. Both start switched off."""

from datetime import UTC, date, datetime

import dagster as dg

from q2c_pipeline.alerts.alert import Alert, AlertKind
from q2c_pipeline.orchestration.alerting import tell
from q2c_pipeline.orchestration.schedules import AS_OF_TAG, CALLER_TELLS_TAG, NIGHTLY
from q2c_pipeline.settings import Settings

_PAUSE_SECONDS = 900


def alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """One that sends what waits for its hour, and one that hears of failed nights."""
    return [_waiting(settings), _failure(settings)]


def _waiting(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="alerts_waiting",
        minimum_interval_seconds=_PAUSE_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="sends alerts that waited for a digest, for the end of quiet hours, or for a receiver that was away",
    )
    def alerts_waiting() -> dg.SkipReason:
        now = datetime.now(UTC)
        told = tell(settings, settings.business_day(now), now)
        return dg.SkipReason(
            "; ".join(f"{one.channel}: {one.trouble or f'{one.alerts} told'}" for one in told) or "nothing to tell"
        )

    return alerts_waiting


def _failure(settings: Settings) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="failed_night",
        monitor_all_code_locations=False,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="tells of nightly runs that failed, unless the command that started one tells of it itself",
    )
    def failed_night(context: dg.RunFailureSensorContext) -> None:
        run, now = context.dagster_run, datetime.now(UTC)
        if run.job_name == NIGHTLY and CALLER_TELLS_TAG not in run.tags:
            as_of = date.fromisoformat(run.tags[AS_OF_TAG]) if AS_OF_TAG in run.tags else settings.business_day(now)
            text = f"the run for {as_of} failed: run {run.run_id[:8]} in the Dagster UI tells why"
            tell(settings, as_of, now, [Alert(AlertKind.FAILED_RUN, f"failed|{as_of}|{run.run_id}", text)])

    return failed_night
