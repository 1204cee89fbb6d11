"""`q2c schedule`: what given contract lines would bill or earn, by the SQL of the nightly run."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

schedule = typer.Typer(help="What given contract lines would bill or earn, by the SQL of the nightly run.", no_args_is_help=True)
Given = Annotated[Path, typer.Argument(metavar="FILE.json", help='A JSON list of {"id", "line", "policy"}.')]

Asked = Annotated[
    Path, typer.Argument(metavar="FILE.json", help='A JSON list of cases with "kind", as docs/schedules.md has them.')
]


@schedule.command("billing")
def schedule_billing(file: Given) -> None:
    """Print what each line of the file would bill, period by period, as JSON."""
    from q2c_pipeline.orchestration import expected
    from q2c_pipeline.orchestration.given import files as given_files

    _print(expected.billing(given_files.read_billing(file)))


@schedule.command("revenue")
def schedule_revenue(file: Given) -> None:
    """Print what each line of the file would earn, month by month, as JSON."""
    from q2c_pipeline.orchestration import expected
    from q2c_pipeline.orchestration.given import files as given_files

    _print(expected.revenue(given_files.read_revenue(file)))


@schedule.command("allocation")
def schedule_allocation(file: Asked) -> None:
    """Print how the price of each case of kind `allocation` is divided over its performance obligations, as JSON."""
    from q2c_pipeline.orchestration import expected
    from q2c_pipeline.orchestration.given import files as given_files

    _print(expected.allocation(given_files.read_allocations(file)))


@schedule.command("modification")
def schedule_modification(file: Asked) -> None:
    """Print what a period earns after each case of kind `modification`, as JSON."""
    from q2c_pipeline.orchestration import expected
    from q2c_pipeline.orchestration.given import files as given_files

    _print(expected.modification(given_files.read_modifications(file)))


def _print(answers: object) -> None:
    text = json.dumps(answers, indent=1, ensure_ascii=False)
    # A question's id may hold half a character, which JSON can write as \ud800 and UTF-8 cannot write at all.
    typer.echo(text.encode(errors="backslashreplace").decode())
