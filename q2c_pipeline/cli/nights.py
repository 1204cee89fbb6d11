"""Running a night from the command line, with progress, and showing what it found."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.cli.alerts import show_told
from q2c_pipeline.cli.common import errors, output

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.orchestration.night import NightResult
    from q2c_pipeline.settings import Settings


def run_night(settings: Settings, as_of: date, *, full: bool = False) -> NightResult:
    """The nightly job in this process, with a progress bar a phase."""
    from q2c_pipeline.engine.controls import load_sql_files
    from q2c_pipeline.orchestration.alerting import told_of_failure
    from q2c_pipeline.orchestration.jobs import run_nightly_job
    from q2c_pipeline.orchestration.progress import Phases

    console = errors()
    with told_of_failure(settings, as_of), Phases(console, {"transform": len(load_sql_files())}) as phases:
        result = run_nightly_job(settings, as_of, phases, full=full)
    console.print(phases.said(), soft_wrap=True)
    return result


def run_month(settings: Settings, as_of: date | None, month: date) -> NightResult:
    """One accounting month again from what is landed, of the last day delivered where none is named; a progress bar a phase."""
    from q2c_pipeline.engine.controls import load_sql_files
    from q2c_pipeline.orchestration import night
    from q2c_pipeline.orchestration.progress import Phases
    from q2c_pipeline.orchestration.reporting import build_reports

    console = errors()
    with Phases(console, {"transform": len(load_sql_files())}) as phases:
        result = night.run_month(settings, as_of or night.last_day(settings), month, phases)
    result.outcomes = build_reports(settings)
    console.print(phases.said(), soft_wrap=True)
    return result


def show_night(settings: Settings, result: NightResult) -> None:
    """Controls, bridge and places; what was left out first."""
    from q2c_pipeline.engine.publishing import open_published
    from q2c_pipeline.orchestration import showing

    console = output()
    for error in result.blocked:
        text = f"BLOCKED, left out tonight, earlier readings of it are used: {error}"
        errors().print(text, style="red", markup=False, soft_wrap=True)
    if result.published is not None:
        with open_published(result.published) as published:
            console.print(showing.night(published))
    show_told(result.told)
    console.print(showing.places(settings, result.outcomes))
