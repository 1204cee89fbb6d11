"""When the nightly job runs by itself, and with which cut-off day."""

from datetime import UTC, date

import dagster as dg

from q2c_pipeline.orchestration.resources import NIGHT
from q2c_pipeline.settings import Settings

NIGHTLY = "nightly"
AS_OF_TAG = "q2c/as_of"
CALLER_TELLS_TAG = "q2c/caller_tells"
"""On runs whose starter waits for them and tells of a failure itself."""


def run_config(as_of: date, *, full: bool = False) -> dict[str, object]:
    """The run configuration that names the cut-off day, and whether every table is made anew."""
    return {"resources": {NIGHT: {"config": {"as_of": as_of.isoformat(), "full": full}}}}


def run_tags(as_of: date) -> dict[str, str]:
    """Tags by which a run is found in the UI."""
    return {AS_OF_TAG: as_of.isoformat()}


def nightly_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """The job in the company's time zone; one run a cut-off day, however often the clock strikes.

    It starts switched off: a company that runs `q2c nightly` from cron must not get two runs.
    """

    @dg.schedule(
        job_name=NIGHTLY,
        cron_schedule=settings.schedule.nightly,
        execution_timezone=settings.company.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        as_of = settings.business_day(context.scheduled_execution_time.astimezone(UTC))
        return dg.RunRequest(run_key=as_of.isoformat(), run_config=run_config(as_of), tags=run_tags(as_of))

    return nightly
