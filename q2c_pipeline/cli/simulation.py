"""`q2c demo` and `q2c sandbox`: the simulated company and the look-alikes of its systems."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from q2c_pipeline.cli.common import AsOf, output
from q2c_pipeline.cli.nights import run_night, show_night

if TYPE_CHECKING:
    from q2c_pipeline.settings import Settings

sandbox = typer.Typer(help="The simulated company and the look-alikes of its systems.", no_args_is_help=True)
DEMO_DAY = date(2026, 6, 30)
Size = Annotated[int, typer.Option(min=20, max=20_000, help="Customer accounts of the simulated company.")]
Months = Annotated[int, typer.Option(min=4, max=60, help="Months of its history.")]
Seed = Annotated[int, typer.Option(help="Equal seeds give equal companies.")]
Faults = Annotated[str, typer.Option(help="Faults to plant, by name or control id, with commas; or all, or none.")]


def demo(
    size: Size = 120,
    months: Months = 12,
    seed: Seed = 7,
    faults: Faults = "all",
    clean: Annotated[bool, typer.Option("--clean", help="Plant nothing: every bridge must close by itself.")] = False,  # noqa: FBT002
    repair: Annotated[bool, typer.Option("--repair", help="Approve and push what is proposed, then run the next night.")] = False,  # noqa: FBT002
    keep: Annotated[bool, typer.Option("--keep", help="Leave the systems running until Ctrl-C.")] = False,  # noqa: FBT002
    workdir: Annotated[Path, typer.Option(help="Folder for the configuration and the stores.")] = Path("data/demo"),
    as_of: AsOf = None,
) -> None:
    """Act out a company with planted errors, reconcile it over HTTP, and hold what was found against what was planted."""
    from q2c_pipeline.orchestration import demo as demonstration
    from q2c_pipeline.orchestration import lookalikes, showing
    from q2c_pipeline.settings import load_settings

    plan = lookalikes.Plan(seed, size, months, _demo_day(as_of), lookalikes.chosen_faults("none" if clean else faults))
    folder, credentials, console = lookalikes.prepare(workdir), lookalikes.new_credentials(), output()
    os.environ.update(credentials)
    started = time.perf_counter()
    if plan.needs_evening_before:
        with lookalikes.serving_apart(replace(plan, is_evening_before=True), credentials, folder, os.environ) as served:
            run_night(load_settings(lookalikes.write_config(folder, served.urls)), plan.as_of - timedelta(days=1))
    with lookalikes.serving_apart(plan, credentials, folder, os.environ) as served:
        console.print(f"{served.records} records in three look-alike systems: {time.perf_counter() - started:.1f} s")
        settings = load_settings(lookalikes.write_config(folder, served.urls))
        result = run_night(settings, plan.as_of)
        show_night(settings, result)
        compared = demonstration.compare_published(settings, served.truth)
        console.print(showing.comparison(compared))
        if repair:
            _repair(settings, plan.as_of + timedelta(days=1))
        console.print(f"all of it: {time.perf_counter() - started:.1f} s")
        if keep:
            _say_where(settings.path, credentials, served.urls, plan.as_of + timedelta(days=repair))
            _until_interrupted()
    raise typer.Exit(0 if not result.blocked and all(one.agrees for one in compared) else 1)


@sandbox.command("serve")
def serve_systems(
    size: Size = 120,
    months: Months = 12,
    seed: Seed = 7,
    faults: Faults = "all",
    as_of: AsOf = None,
    workdir: Annotated[Path, typer.Option(help="Where q2c.toml is written.")] = Path("data/demo"),
    evening_before: Annotated[bool, typer.Option("--evening-before", help="As they were one day earlier.")] = False,  # noqa: FBT002
    ready: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve the look-alikes until Ctrl-C, with a q2c.toml for them; nothing is reconciled."""
    from q2c_pipeline.orchestration import lookalikes

    plan = lookalikes.Plan(seed, size, months, _demo_day(as_of), lookalikes.chosen_faults(faults), evening_before)
    credentials = {name: os.environ.get(name, value) for name, value in lookalikes.new_credentials().items()}
    with lookalikes.serving_here(plan, credentials) as served:
        if ready is not None:
            lookalikes.announce(ready, served)
            sys.stdin.read()
            return
        day = plan.as_of - timedelta(days=evening_before)
        _say_where(lookalikes.write_config(lookalikes.prepare(workdir), served.urls), credentials, served.urls, day)
        _until_interrupted()


def _repair(settings: Settings, next_day: date) -> None:
    """Close the loop: what was proposed is approved, pushed and looked at by the next night."""
    from q2c_pipeline.orchestration import demo as demonstration
    from q2c_pipeline.orchestration.acting import current_actor

    before, actor, console = demonstration.open_exceptions(settings), current_actor(settings), output()
    approved, pushed = demonstration.repair(settings, actor, lambda: datetime.now(UTC))
    console.print(f"{approved} corrections approved by {actor.name} and pushed: {_counts(pushed)}")
    run_night(settings, next_day)
    fates = demonstration.fates(settings, datetime.now(UTC))
    console.print(f"the next night: {before} exceptions before, {demonstration.open_exceptions(settings)} after")
    console.print(f"corrections: {_counts(fates)}")
    console.print(
        "acknowledged ones are drafts that wait for an accountant to post them; tasks wait for a person: q2c corrections list"
    )


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in sorted(counted.items())) or "none"


def _demo_day(as_of: date | None) -> date:
    """The day asked for, else the fixed day of the simulation, unless this machine's clock has not got there yet."""
    return as_of or min(DEMO_DAY, datetime.now(UTC).date() - timedelta(days=1))


def _say_where(config: Path, credentials: dict[str, str], urls: dict[str, str], last_day: date) -> None:
    """Tell how to point anything at the look-alikes; their credentials open nothing else."""
    for name, url in urls.items():
        typer.echo(f"# {name}: {url}")
    typer.echo(f"export Q2C_CONFIG={config}")
    for name, value in credentials.items():
        typer.echo(f"export {name}={value}")
    typer.echo(f"# the company's history ends on {last_day}: q2c nightly --as-of {last_day}")
    typer.echo("# serving until Ctrl-C")


def _until_interrupted() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return
