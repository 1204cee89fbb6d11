"""The nightly job, and the way to run that very job in this process and wait for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from dagster import DagsterExecutionInterruptedError
from dagster._core.errors import DagsterAssetCheckFailedError  # not exported, and the only one that a failed check raises

from q2c_pipeline.errors import ContractError, Q2CError
from q2c_pipeline.orchestration.graph import build_definitions
from q2c_pipeline.orchestration.history import quick_history
from q2c_pipeline.orchestration.home import dagster_instance
from q2c_pipeline.orchestration.night import NightResult, Report, refuse_closed_secrets
from q2c_pipeline.orchestration.schedules import CALLER_TELLS_TAG, NIGHTLY, run_config, run_tags
from q2c_pipeline.settings import Settings

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The caller's progress is the only word on the console; the UI has every event all the same."""


def run_nightly_job(settings: Settings, as_of: date, progress: Report, *, full: bool = False) -> NightResult:
    """Run the job `nightly` here; `progress` hears of every finished step, and the run is in the Dagster UI like any other.

    `full` makes every table anew, also where the part that changed would do.

    Raises the Q2CError that stopped the run. Instances that were left out are in the result's `blocked`: then all that could be
    made was made and published, although Dagster shows the run as failed.
    """
    result = NightResult(as_of)
    refuse_closed_secrets(settings)
    job = build_definitions(settings, result, progress).resolve_job_def(NIGHTLY)
    with quick_history(settings.stores.dagster), dagster_instance(settings) as instance, _own_words(result):
        job.execute_in_process(
            instance=instance, run_config=run_config(as_of, full=full) | _QUIET, tags=run_tags(as_of) | {CALLER_TELLS_TAG: "yes"}
        )
    return result


@contextmanager
def _own_words(result: NightResult) -> Iterator[None]:
    """Let out the error that was raised on purpose, not the wrappings that Dagster put around it."""
    try:
        yield
    except DagsterAssetCheckFailedError as error:
        if not (result.blocked and result.outcomes):
            raise ContractError(
                expected="every check that stops a run to hold",
                found=str(error),
                where="nightly run",
                next_step="open the failed check in the Dagster UI: its examples name the rows",
            ) from error
    except DagsterExecutionInterruptedError:
        raise KeyboardInterrupt from None
    except Exception as error:
        purpose = _cause_on_purpose(error)
        if purpose is None:
            raise
        raise purpose from error


def _cause_on_purpose(error: BaseException) -> Q2CError | None:
    """The error on purpose among the causes of `error`; what Dagster re-raised may stand in its own context, in a circle."""
    seen: list[BaseException] = []
    rest: list[BaseException | None] = [error]
    while rest:
        one = rest.pop()
        if isinstance(one, Q2CError):
            return one
        if one is not None and not any(one is other for other in seen):
            seen.append(one)
            rest += [one.__context__, one.__cause__]
    return None
