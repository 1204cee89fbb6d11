"""Pushing and undoing from Dagster: two jobs, and a sensor that starts the push when approved corrections wait."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from q2c_pipeline.corrections import outbox
from q2c_pipeline.orchestration import deciding, showing_corrections
from q2c_pipeline.orchestration.acting import current_actor
from q2c_pipeline.orchestration.correcting import acting
from q2c_pipeline.orchestration.pushing import Pushed, Pushing
from q2c_pipeline.orchestration.resources import explained
from q2c_pipeline.settings import Settings

PUSH, COMPENSATE = "push_corrections", "compensate"
_EXECUTE = dg.Field(bool, default_value=False, description="send; without it the exact calls are logged and nothing is sent")
_INSTANCE = dg.Field(str, default_value="", description="only to this system; empty means every one that something waits for")


def push_jobs(settings: Settings) -> list[dg.JobDefinition]:
    """The jobs for these settings; the account that runs them needs the role, as on the command line."""
    return [_push_job(settings), _compensate_job(settings)]


def _push_job(settings: Settings) -> dg.JobDefinition:
    @dg.op(name="push", config_schema={"execute": _EXECUTE, "instance": _INSTANCE})
    def push(context: dg.OpExecutionContext) -> None:
        config, is_dry = context.op_config, not context.op_config["execute"]
        with explained():
            today = settings.on(settings.business_day(datetime.now(UTC)))
            pushing = Pushing(today, current_actor(today), lambda: datetime.now(UTC))
            pushed = (pushing.preview if is_dry else pushing.push)(config["instance"] or None)
        for one in pushed:
            for line in showing_corrections.pushed(one, is_dry=is_dry, may_see_personal=False):
                context.log.info(line)
        _fail_unless_clean(pushed)

    @dg.job(name=PUSH, description="send approved corrections; a dry run unless ops.push.config.execute", executor_def=_HERE)
    def push_corrections() -> None:
        push()

    return push_corrections


def _compensate_job(settings: Settings) -> dg.JobDefinition:
    @dg.op(name="propose_undoing", config_schema={"correction_id": dg.Field(str), "why": dg.Field(str)})
    def propose_undoing(context: dg.OpExecutionContext) -> None:
        config, at = context.op_config, datetime.now(UTC)
        with explained():
            today = settings.on(settings.business_day(at))
            undo = deciding.compensate(today, current_actor(today), config["correction_id"], config["why"], at)
        context.log.info("%s proposed: it needs its own approval", undo.correction_id)

    @dg.job(name=COMPENSATE, description="propose to undo a correction that took effect", executor_def=_HERE)
    def compensate() -> None:
        propose_undoing()

    return compensate


_HERE = dg.in_process_executor


def push_sensor(settings: Settings) -> dg.SensorDefinition:
    """Starts the push once for each set that waits; off by default, and a dry run unless the policy pushes by itself."""

    @dg.sensor(
        name="approved_corrections_wait",
        job_name=PUSH,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="approved corrections wait in the outbox",
    )
    def approved_corrections_wait() -> Iterator[dg.RunRequest | dg.SkipReason]:
        now = datetime.now(UTC)
        today = settings.on(settings.business_day(now))
        with acting(today, "", now) as trail:
            key = outbox.due_digest(trail.connection, now)
        if key is None:
            yield dg.SkipReason("nothing waits to be pushed")
            return
        config = {"execute": today.policy.corrections.push_by_itself}
        yield dg.RunRequest(run_key=key, run_config={"ops": {"push": {"config": config}}})

    return approved_corrections_wait


def _fail_unless_clean(pushed: list[Pushed]) -> None:
    """A run with a dead letter, a refusal or a pause ends red."""
    wrong = [one.instance for one in pushed if not showing_corrections.is_clean(one)]
    if wrong:
        raise dg.Failure(f"not everything was taken by {', '.join(wrong)}: see `q2c corrections list`", allow_retries=False)
