"""The steps of a night as plain functions: extract, load, transform, publish. Dagster's assets and the tests call these."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from q2c_pipeline.engine import publishing
from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.engine.month import Month
from q2c_pipeline.engine.refresh import Refresh
from q2c_pipeline.engine.runner import RunResult, Warehouse, graph
from q2c_pipeline.errors import ContractError, SourceError, StoreError
from q2c_pipeline.exceptions.nightly import Outcome
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.orchestration.alerting import Told, tell_of_night
from q2c_pipeline.orchestration.casework import update_cases
from q2c_pipeline.orchestration.correcting import Taken, take_in
from q2c_pipeline.orchestration.identifying import identify
from q2c_pipeline.orchestration.loading import LoadedBatch, load_instance
from q2c_pipeline.orchestration.readers import Wanted, side_by_side
from q2c_pipeline.settings import Settings

LINKS = 20
"""Folders from here on read who is who."""
Report = Callable[[str, str], None]
"""Hears of progress: the phase and what was just finished."""


@dataclass
class NightResult:
    """What a night did and found; the tables themselves are in the published file."""

    as_of: date
    manifests: list[Manifest] = field(default_factory=list)
    loaded: list[LoadedBatch] = field(default_factory=list)
    tables: list[RunResult] = field(default_factory=list)
    blocked: list[SourceError | ContractError] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    """Instances that could not be read whole tonight: nothing of them is loaded."""
    published: Path | None = None
    cases: Outcome | None = None
    corrections: Taken | None = None
    told: list[Told] = field(default_factory=list)
    outcomes: dict[str, Path] = field(default_factory=dict)


def landing_of(settings: Settings) -> Landing:
    """The landing zone that the settings name."""
    return Landing(settings.stores.landing)


def last_day(settings: Settings) -> date:
    """The newest day that something was delivered for; raises StoreError when nothing has landed."""
    return max(_delivered_days(settings))


def refuse_undelivered(settings: Settings, as_of: date) -> None:
    """Raise StoreError for a day before the first delivery or after the last: judged by what is not there, all would be late."""
    days = _delivered_days(settings)
    if not min(days) <= as_of <= max(days):
        raise StoreError(
            expected=f"a day from {min(days)} to {max(days)}, of which systems were asked",
            found=str(as_of),
            where=str(settings.stores.landing),
            next_step="name such a day with --as-of, or run `q2c nightly` for another one first",
        )


def _delivered_days(settings: Settings) -> list[date]:
    days = [one.as_of for one in landing_of(settings).manifests()]
    if not days:
        raise StoreError(
            expected="landed deliveries", found="none", where=str(settings.stores.landing), next_step="run `q2c nightly` first"
        )
    return days


def refuse_closed_secrets(settings: Settings) -> None:
    """Raise ConfigurationError for a secret that cannot be opened before any system is asked and anything is written."""
    for configured in settings.instances:
        settings.instance(configured.name)


@contextmanager
def night_lock(settings: Settings) -> Iterator[None]:
    """Let one run at a time write the stores; a second one is told so at once.

    Raises StoreError while another run holds the lock. The lock is the operating system's: a killed run releases it.
    """
    path = settings.stores.root / "night.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    holder = path.with_suffix(".pid")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StoreError(
            expected="no other run",
            found=f"process {holder.read_text() if holder.exists() else 'unknown'} at work",
            where=str(path),
            next_step="wait until it has finished, then run again",
        ) from error
    try:
        holder.write_text(str(os.getpid()))
        yield
    finally:
        lock.release()


@contextmanager
def open_warehouse(settings: Settings, as_of: date) -> Iterator[Warehouse]:
    """The warehouse with the policy tables of that day in place."""
    settings.stores.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with Warehouse(settings.stores.warehouse, memory=settings.stores.memory) as warehouse:
        for name, frame in settings.policy_frames(as_of).items():
            warehouse.replace(f"policy.{name}", frame)
        yield warehouse


def extract_all(settings: Settings, as_of: date, report: Report, result: NightResult) -> None:
    """Land every instance, side by side; one that cannot be read is noted as blocked and the others go on."""
    wanted: Wanted = {configured.name: None for configured in settings.instances}
    with side_by_side(settings, as_of, report) as readers:
        for name in wanted:
            try:
                result.manifests += readers.read(name, wanted).complete()
            except SourceError as error:
                result.blocked.append(error)
                result.unread.add(name)


def load_all(settings: Settings, warehouse: Warehouse, as_of: date, report: Report, result: NightResult) -> None:
    """Merge what was landed; an instance whose contract broke is noted as blocked and the others go on."""
    for configured in (one for one in settings.instances if one.name not in result.unread):
        try:
            result.loaded += load_instance(
                warehouse,
                landing_of(settings),
                settings.unopened(configured.name),
                as_of,
                lambda b: report("load", f"{b.manifest.instance}.{b.manifest.object_name}: {b.loaded_rows} rows"),
            )
        except ContractError as error:
            result.blocked.append(error)
            result.unread.add(configured.name)


def transform(
    settings: Settings,
    warehouse: Warehouse,
    as_of: date,
    on_table: Callable[[RunResult], None],
    *,
    full: bool = False,
    month: date | None = None,
) -> list[RunResult]:
    """Make every SQL table in the order of its upstreams, and between records and links say who is who.

    Where only some customers' records changed since the last night, their part of the tables is made; `full` makes all anew,
    `month` (its first day) of the grids only the cells of that month.
    """
    files = graph(load_sql_files())
    parameters = settings.sql_parameters(as_of)
    refresh = Month(warehouse, files, parameters, month) if month else Refresh(warehouse, files, parameters, full=full)
    results = []

    def made(result: RunResult) -> None:
        results.append(result)
        on_table(result)

    for file in (one for one in files if one.order < LINKS):
        made(refresh.run(file))
    for found in identify(settings, warehouse, anew=refresh.doubt is not None):
        made(found)
    for file in (one for one in files if one.order >= LINKS):
        made(refresh.run(file))
    return results


def publish_night(settings: Settings, warehouse: Warehouse) -> Path:
    """Put a finished read-only copy in the place that analysts, reports and the command line open."""
    target = settings.stores.published
    publishing.publish(warehouse, target)
    return target


def run_night(settings: Settings, as_of: date, report: Report, *, full: bool = False) -> NightResult:
    """A whole night without Dagster, the same steps in the same order; used by tests and benchmarks."""
    result, settings = NightResult(as_of), settings.on(as_of)
    refuse_closed_secrets(settings)
    with night_lock(settings):
        extract_all(settings, as_of, report, result)
        _reconcile(settings, as_of, report, result, full=full)
        result.told = tell_of_night(settings, as_of, settings.end_of(as_of), result.blocked)
    return result


def run_month(settings: Settings, as_of: date, month: date, report: Report) -> NightResult:
    """Make one accounting month (its first day) again from what is landed, asking no system: transform, publish, cases."""
    refuse_undelivered(settings, as_of)
    if month > as_of:
        raise StoreError(
            expected=f"a month that has begun by {as_of}",
            found=f"{month:%Y-%m}",
            where="q2c nightly --month",
            next_step="name that month or an earlier one",
        )
    result, settings = NightResult(as_of), settings.on(as_of)
    with night_lock(settings):
        _reconcile(settings, as_of, report, result, month=month)
    return result


def _reconcile(
    settings: Settings, as_of: date, report: Report, result: NightResult, *, full: bool = False, month: date | None = None
) -> None:
    """From what is landed to published tables, cases and proposals, noted in `result`."""
    with open_warehouse(settings, as_of) as warehouse:
        load_all(settings, warehouse, as_of, report, result)
        result.tables = transform(
            settings, warehouse, as_of, lambda r: report("transform", f"{r.name}: {r.rows} rows"), full=full, month=month
        )
        result.published = publish_night(settings, warehouse)
    result.cases = update_cases(settings, as_of, result.unread, settings.end_of(as_of))
    result.corrections = take_in(settings, as_of, result.unread, settings.end_of(as_of))


def query_published(settings: Settings, sql: str) -> pl.DataFrame:
    """Rows of a query on the published file."""
    with publishing.open_published(settings.stores.published) as published:
        return published.query(sql, {})
