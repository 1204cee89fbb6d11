"""The one resource of the graph: a night, which holds the run lock, the cut-off day and the warehouse."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property

import dagster as dg

from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.engine.refresh import Refresh
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.errors import ConfigurationError, ContractError, Q2CError, SourceError
from q2c_pipeline.orchestration.night import NightResult, Report, night_lock, open_warehouse
from q2c_pipeline.orchestration.readers import Readers, side_by_side
from q2c_pipeline.settings import Settings

NIGHT = "night"
POOL = "duckdb"
"""Steps that touch the warehouse: one at a time."""
RETRIES = dg.RetryPolicy(max_retries=2, delay=20, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""Of extraction only: a vendor that could not be reached may be reachable a minute later."""
_FULL = dg.Field(bool, default_value=False, description="make every table anew, also where a part would do")
_AS_OF = dg.Field(
    str,
    default_value="",
    description="cut-off day, YYYY-MM-DD; empty means the last complete day in the company's time zone",
)


@dataclass
class Night:
    """One run: what it was configured with, what it has done so far, and the warehouse, opened when first needed."""

    settings: Settings
    as_of: date
    result: NightResult
    report: Report
    full: bool = False
    """Make every table anew, also where a part would do."""
    _open: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The work file; nobody else can open it until the run ends."""
        return self._open.enter_context(open_warehouse(self.settings, self.as_of))

    @cached_property
    def readers(self) -> Readers:
        """What reads the systems; a run that ends early ends them too."""
        return self._open.enter_context(side_by_side(self.settings, self.as_of, self.report))

    @cached_property
    def refresh(self) -> Refresh:
        """What makes the tables, whole or in part."""
        return Refresh(self.warehouse, load_sql_files(), self.settings.sql_parameters(self.as_of), full=self.full)

    def block(self, name: str, error: SourceError | ContractError) -> None:
        """Note an instance that could not be read or merged: the others go on, and the run ends red."""
        self.result.unread.add(name)
        self.result.blocked.append(error)

    @contextmanager
    def opened(self) -> Iterator["Night"]:
        """Close what was needed, warehouse or readers, when the run is over."""
        with self._open:
            yield self


def night_resource(settings: Settings, result: NightResult | None = None, report: Report | None = None) -> dg.ResourceDefinition:
    """The resource for these settings; a caller that waits for the run gives `result` to be filled and `report` to be called.

    The clock is looked at here and in the schedule, and nowhere else in the graph.
    """

    @dg.resource(config_schema={"as_of": _AS_OF, "full": _FULL}, description="run lock, cut-off day and warehouse of one run")
    def night(context: dg.InitResourceContext) -> Iterator[Night]:
        done = result or NightResult(parse_as_of(context.resource_config["as_of"], settings.business_day(datetime.now(UTC))))
        # Some tables alone would leave the others as of an earlier night: a part cannot be taken out of those.
        full = context.resource_config["full"] or not makes_every_table(context.run)
        tonight = Night(settings.on(done.as_of), done.as_of, done, report or (lambda *_: None), full)
        with night_lock(settings), tonight.opened():
            _free_slots_of_dead_runs(context)
            yield tonight

    return night


def makes_every_table(run: dg.DagsterRun | None) -> bool:
    """Whether a run makes every table: neither chosen assets nor what another run left undone."""
    return run is not None and not run.asset_selection and run.parent_run_id is None


def parse_as_of(text: str, last: date) -> date:
    """The day of the run configuration, or the last complete one; a day that is not over would hide later changes for good."""
    try:
        as_of = date.fromisoformat(text) if text else last
    except ValueError as error:
        raise _wrong_day("a day like 2026-06-30", text) from error
    if as_of > last:
        raise _wrong_day(f"a day that is over ({last} or before)", text)
    return as_of


def _wrong_day(expected: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        expected=expected,
        found=repr(found),
        where="run configuration resources.night.config.as_of",
        next_step="correct it, or leave it out for the last complete day",
    )


def _free_slots_of_dead_runs(context: dg.InitResourceContext) -> None:
    """Give back pool slots of runs that were killed; we hold the run lock, so no other run can be alive."""
    instance = context.instance
    if instance is None or not instance.event_log_storage.supports_global_concurrency_limits:
        return
    ours = context.run.run_id if context.run else None
    for run_id in instance.event_log_storage.get_concurrency_run_ids() - {ours}:
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)


def failure(error: Q2CError) -> dg.Failure:
    """A failed step in the error's own words, which no repeat will cure."""
    facts = {"expected": error.expected, "found": error.found, "where": error.where, "next step": error.next_step}
    return dg.Failure(str(error), metadata=facts, allow_retries=False)


@contextmanager
def explained() -> Iterator[None]:
    """Let a step fail in the words of an error that was raised on purpose."""
    try:
        yield
    except Q2CError as error:
        raise failure(error) from error
