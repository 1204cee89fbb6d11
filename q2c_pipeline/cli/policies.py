"""`q2c policy`: what is in force, and what a change would do before it goes live."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from q2c_pipeline.cli.common import AsOf, Config, Form, Written, errors, output, show_rows

if TYPE_CHECKING:
    from q2c_pipeline.orchestration.trying import Trial

policy = typer.Typer(help="The policy that is in force, and what a change of it would do.", no_args_is_help=True)
Candidate = Annotated[
    Path | None,
    typer.Option(
        "--policy", metavar="FILE", help="What would change, written like one block of policy_versions; else the next version."
    ),
]


@policy.command("show")
def show_policy(as_of: AsOf = None, form: Written = Form.TABLE, config: Config = None) -> None:
    """Print the policy in force on a day, and where each value was written."""
    import polars as pl

    from q2c_pipeline.settings import load_settings
    from q2c_pipeline.settings.candidates import said

    settings = load_settings(config)
    day = as_of or settings.business_day(datetime.now(UTC))
    if form is Form.TABLE:
        now = settings.on(day).policy
        output().print(f"version {now.version}, in force on {day}, digest {now.digest[:12]}")
    show_rows(pl.DataFrame(said(settings, day), schema=["key", "value", "written"], orient="row"), form)


@policy.command("test")
def try_change(candidate: Candidate = None, as_of: AsOf = None, form: Written = Form.TABLE, config: Config = None) -> None:
    """Reconcile past deliveries under a changed policy, and show which exceptions appear, disappear or change."""
    from q2c_pipeline.orchestration.night import last_day
    from q2c_pipeline.orchestration.progress import Phases
    from q2c_pipeline.orchestration.trying import try_policy
    from q2c_pipeline.settings import load_settings
    from q2c_pipeline.settings.candidates import candidate as read_candidate
    from q2c_pipeline.settings.candidates import next_version

    settings = load_settings(config)
    day = as_of or last_day(settings)
    new = read_candidate(settings, candidate, day) if candidate else next_version(settings, day)
    with Phases(errors()) as phases:
        trial = try_policy(settings, new, day, phases)
    _show(trial, form)


def _show(trial: Trial, form: Form) -> None:
    from q2c_pipeline.orchestration import showing
    from q2c_pipeline.reports.formats import counted

    if form is Form.JSON:
        typer.echo(trial.as_json())
    elif form is Form.CSV:
        show_rows(trial.changes, form)
    else:
        output().print(f"{trial.as_of}: {counted(len(trial.changes), 'exception')} would change")
        show_rows(trial.changes, form)
        output().print(showing.rows(trial.summary, "old and new policy"))
