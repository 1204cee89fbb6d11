"""`q2c`: a thin door to the functions that Dagster calls; every heavy import waits inside its command."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

import getpass
import json
import os
import sys
import tempfile
import time
import traceback
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from q2c_pipeline.errors import Q2CError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from q2c_pipeline.orchestration.night import NightResult
    from q2c_pipeline.settings import Settings

DEMO_DAY = date(2026, 6, 30)
_LEAST_WIDTH = 110
"""A narrower terminal wraps lines itself; cutting an amount short would be worse."""
_PIPE_WIDTH = 220
"""Columns where the output is no terminal: wide enough that nothing is folded."""


class Form(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Word(StrEnum):
    """What a person says of two customer records."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"
    WITHDRAWN = "withdrawn"


class _Door(TyperGroup):
    """Turns every failure into one clear message and an exit code that is not zero."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Q2CError as error:
            _say_error(error, debug=ctx.params["debug"])
        except KeyboardInterrupt:
            _errors().print("stopped; what was published before is still in place")
            raise typer.Exit(130) from None
        except Exception as error:
            # Exits and usage errors of the command line itself, and a reader that has gone away, are typer's to handle.
            if hasattr(error, "exit_code") or isinstance(error, (typer.Abort, BrokenPipeError)):
                raise
            _say_unexpected(error, debug=ctx.params["debug"])
        raise typer.Exit(1)


app = typer.Typer(
    cls=_Door,
    help="Proves every night that what was booked, billed and posted agrees to the cent, and names the cause where not.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
sandbox = typer.Typer(help="The simulated company and the look-alikes of its systems.", no_args_is_help=True)
app.add_typer(sandbox, name="sandbox")
identity = typer.Typer(help="Who is who across systems: scores, uncertain pairs, and what people decided.", no_args_is_help=True)
app.add_typer(identity, name="identity")
schedule = typer.Typer(help="What given contract lines would bill or earn, by the SQL of the nightly run.", no_args_is_help=True)
app.add_typer(schedule, name="schedule")


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", envvar="Q2C_DEBUG", help="Show the traceback of a failure.")] = False,  # noqa: FBT002
) -> None:
    """Take the options that stand before the command."""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"expected a date such as 2026-06-30, found '{text}'"
        raise typer.BadParameter(message) from None


Given = Annotated[Path, typer.Argument(metavar="FILE.json", help='A JSON list of {"id", "line", "policy"}.')]
Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration; else $Q2C_CONFIG, else ./q2c.toml.")]
AsOf = Annotated[date | None, typer.Option("--as-of", parser=_day, metavar="DATE", help="The day whose end is reconciled.")]
Size = Annotated[int, typer.Option(min=20, max=20_000, help="Customer accounts of the simulated company.")]
Months = Annotated[int, typer.Option(min=4, max=60, help="Months of its history.")]
Seed = Annotated[int, typer.Option(help="Equal seeds give equal companies.")]
Written = Annotated[Form, typer.Option("--format", "-f", help="How rows are written.")]
Faults = Annotated[str, typer.Option(help="Faults to plant, by name or control id, with commas; or all, or none.")]


@app.command()
def nightly(as_of: AsOf = None, config: Config = None) -> None:
    """Extract, load, reconcile and publish one night; exit code 1 when a system was blocked or the run failed."""
    from q2c_pipeline.settings import load_settings

    settings = load_settings(config)
    result = _run_night(settings, _day_to_run(settings, as_of))
    _show_night(settings, result)
    if result.blocked:
        raise typer.Exit(1)


@app.command()
def check(config: Config = None) -> None:
    """Test configuration, systems, permissions, stores and disk; say how to cure what is wrong."""
    from q2c_pipeline.orchestration import checking, showing
    from q2c_pipeline.settings import load_settings

    console, bad = _output(), 0
    for finding in checking.check(load_settings(config)):
        bad += not finding.is_ok
        for line in showing.findings([finding]):
            console.print(line)
    console.print(f"{bad} problems" if bad else "all is well")
    raise typer.Exit(1 if bad else 0)


@app.command()
def report(config: Config = None) -> None:
    """Build the report and the workbook again from the published file."""
    from q2c_pipeline.orchestration import showing
    from q2c_pipeline.orchestration.reporting import build_reports
    from q2c_pipeline.settings import load_settings

    settings = load_settings(config)
    _output().print(showing.places(settings, build_reports(settings)))


@app.command()
def trace(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Business number or source id.")], config: Config = None
) -> None:
    """Show every record that is linked to an account, order, subscription, invoice or journal, across all systems."""
    from q2c_pipeline.engine.publishing import open_published
    from q2c_pipeline.orchestration import showing
    from q2c_pipeline.reports.trace import trace as trees_of
    from q2c_pipeline.settings import load_settings

    with open_published(load_settings(config).stores.published) as published:
        for top in trees_of(published, identifier):
            _output().print(showing.tree(top))


@app.command("explain")
def explain_exception(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="An exception's id, or as much of its beginning as is unique.")],
    config: Config = None,
) -> None:
    """Tell one exception in sentences: expected and why, found, the rule, its symptoms, proof, amount at risk, repair."""
    from q2c_pipeline.engine.publishing import open_published
    from q2c_pipeline.orchestration import showing
    from q2c_pipeline.reports.explain import explain
    from q2c_pipeline.settings import load_settings

    with open_published(load_settings(config).stores.published) as published:
        _output().print(showing.explanation(explain(published, identifier)))


@app.command()
def sql(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A ready query; without it, the list of them.")] = None,
    param: Annotated[list[str] | None, typer.Option("--param", "-p", metavar="KEY=VALUE", help="A value to bind.")] = None,
    form: Written = Form.TABLE,
    config: Config = None,
) -> None:
    """Ask a ready question of the published file."""
    from q2c_pipeline.orchestration import asking, showing
    from q2c_pipeline.settings import load_settings

    if name is None:
        _output().print(showing.rows(asking.listing()))
        return
    _show_rows(asking.ask(load_settings(config), name, param or []), form)


@schedule.command("billing")
def schedule_billing(file: Given) -> None:
    """Print what each line of the file would bill, period by period, as JSON."""
    from q2c_pipeline.orchestration import expected, given_lines

    typer.echo(json.dumps(expected.billing(given_lines.read_billing(file)), indent=1, ensure_ascii=False))


@schedule.command("revenue")
def schedule_revenue(file: Given) -> None:
    """Print what each line of the file would earn, month by month, as JSON."""
    from q2c_pipeline.orchestration import expected, given_lines

    typer.echo(json.dumps(expected.revenue(given_lines.read_revenue(file)), indent=1, ensure_ascii=False))


@app.command()
def demo(
    size: Size = 120,
    months: Months = 12,
    seed: Seed = 7,
    faults: Faults = "all",
    clean: Annotated[bool, typer.Option("--clean", help="Plant nothing: every bridge must close by itself.")] = False,  # noqa: FBT002
    keep: Annotated[bool, typer.Option("--keep", help="Leave the systems running until Ctrl-C.")] = False,  # noqa: FBT002
    workdir: Annotated[Path, typer.Option(help="Folder for the configuration and the stores.")] = Path("data/demo"),
    as_of: AsOf = None,
) -> None:
    """Act out a company with planted errors, reconcile it over HTTP, and hold what was found against what was planted."""
    from q2c_pipeline.orchestration import demo as demonstration
    from q2c_pipeline.orchestration import lookalikes, showing
    from q2c_pipeline.settings import load_settings

    plan = lookalikes.Plan(seed, size, months, _demo_day(as_of), lookalikes.chosen_faults("none" if clean else faults))
    folder, credentials, console = lookalikes.prepare(workdir), lookalikes.new_credentials(), _output()
    os.environ.update(credentials)
    started = time.perf_counter()
    with lookalikes.serving_apart(plan, credentials, folder, os.environ) as served:
        console.print(f"{served.records} records in three look-alike systems: {time.perf_counter() - started:.1f} s")
        settings = load_settings(lookalikes.write_config(folder, served.urls))
        result = _run_night(settings, plan.as_of)
        _show_night(settings, result)
        compared = demonstration.compare_published(settings, served.truth)
        console.print(showing.comparison(compared))
        console.print(f"all of it: {time.perf_counter() - started:.1f} s")
        if keep:
            _say_where(settings.path, credentials, served.urls)
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
    ready: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve the look-alikes until Ctrl-C, with a q2c.toml for them; nothing is reconciled."""
    from q2c_pipeline.orchestration import lookalikes

    plan = lookalikes.Plan(seed, size, months, _demo_day(as_of), lookalikes.chosen_faults(faults))
    credentials = {name: os.environ.get(name, value) for name, value in lookalikes.new_credentials().items()}
    with lookalikes.serving_here(plan, credentials) as served:
        if ready is not None:
            lookalikes.announce(ready, served)
            sys.stdin.read()
            return
        _say_where(lookalikes.write_config(lookalikes.prepare(workdir), served.urls), credentials, served.urls)
        _until_interrupted()


@identity.command("score")
def score_pairs(
    pairs: Annotated[Path, typer.Argument(metavar="PAIRS.csv", help="Columns left_name, right_name; *_country, *_tax_id ...")],
    form: Written = Form.TABLE,
    config: Config = None,
) -> None:
    """Score pairs of companies: the same, different or unsure, and why; needs no configuration."""
    from q2c_pipeline.identity.pairs import score_file
    from q2c_pipeline.orchestration.identifying import thresholds

    _show_rows(score_file(pairs, thresholds(config)), form)


@identity.command("review")
def review_pairs(form: Written = Form.TABLE, config: Config = None) -> None:
    """List pairs of customer records that only a person can decide, the likeliest first."""
    from q2c_pipeline.orchestration.identifying import review
    from q2c_pipeline.settings import load_settings

    _show_rows(review(load_settings(config)), form)


@identity.command("judge")
def judge_records(
    one: Annotated[str, typer.Argument(metavar="A", help="INSTANCE:ID of a customer record, or its id.")],
    other: Annotated[str, typer.Argument(metavar="B", help="The other record.")],
    opinion: Annotated[Word, typer.Argument(help="What they are; withdrawn takes an earlier word back.")],
    why: Annotated[str, typer.Option("--why", help="The reason, for those who come after.")],
    config: Config = None,
) -> None:
    """Decide about two customer records; this beats every rule from the next run on, and can be withdrawn."""
    from q2c_pipeline.orchestration.identifying import judge
    from q2c_pipeline.settings import load_settings
    from q2c_pipeline.state.judgements import Opinion

    said = judge(load_settings(config), (one, other), Opinion(opinion.value), why, getpass.getuser(), datetime.now(UTC))
    typer.echo(f"{said.left_key} and {said.right_key}: {said.opinion.value}, says {said.who}")


def _show_rows(frame: pl.DataFrame, form: Form) -> None:
    from q2c_pipeline.orchestration import asking, showing

    match form:
        case Form.TABLE:
            _output().print(showing.rows(frame))
        case Form.CSV:
            typer.echo(asking.as_csv(frame), nl=False)
        case Form.JSON:
            typer.echo(asking.as_json(frame))


def _day_to_run(settings: Settings, as_of: date | None) -> date:
    """The day asked for, else the last complete one; a day that is not over yet would hide later changes from the next run."""
    last = settings.business_day(datetime.now(UTC))
    if as_of is not None and as_of > last:
        message = f"expected a day that is over in {settings.company.time_zone} ({last} or before), found {as_of}"
        raise typer.BadParameter(message, param_hint="--as-of")
    return as_of or last


def _demo_day(as_of: date | None) -> date:
    """The day asked for, else the fixed day of the simulation, unless this machine's clock has not got there yet."""
    return as_of or min(DEMO_DAY, datetime.now(UTC).date() - timedelta(days=1))


def _run_night(settings: Settings, as_of: date) -> NightResult:
    from q2c_pipeline.engine.controls import load_sql_files
    from q2c_pipeline.orchestration.jobs import run_nightly_job
    from q2c_pipeline.orchestration.progress import Phases

    console = _errors()
    with Phases(console, {"transform": len(load_sql_files())}) as phases:
        result = run_nightly_job(settings, as_of, phases)
    console.print(phases.said(), soft_wrap=True)
    return result


def _show_night(settings: Settings, result: NightResult) -> None:
    from q2c_pipeline.engine.publishing import open_published
    from q2c_pipeline.orchestration import showing

    console = _output()
    for error in result.blocked:
        text = f"BLOCKED, left out tonight, earlier readings of it are used: {error}"
        _errors().print(text, style="red", markup=False, soft_wrap=True)
    if result.published is not None:
        with open_published(result.published) as published:
            console.print(showing.night(published))
    console.print(showing.places(settings, result.outcomes))


def _say_where(config: Path, credentials: dict[str, str], urls: dict[str, str]) -> None:
    """Tell how to point anything at the look-alikes; their credentials open nothing else."""
    for name, url in urls.items():
        typer.echo(f"# {name}: {url}")
    typer.echo(f"export Q2C_CONFIG={config}")
    for name, value in credentials.items():
        typer.echo(f"export {name}={value}")
    typer.echo("# serving until Ctrl-C")


def _until_interrupted() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return


def _output() -> Console:
    from rich.console import Console

    console = Console(highlight=False)
    width = max(console.width, _LEAST_WIDTH) if console.is_terminal else _PIPE_WIDTH
    return Console(highlight=False, width=width)


def _errors() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def _say_error(error: Q2CError, *, debug: bool) -> None:
    if debug:
        traceback.print_exception(error)
    _errors().print(f"{type(error).__name__}: {error}", style="red", markup=False, soft_wrap=True)


def _say_unexpected(error: Exception, *, debug: bool) -> None:
    """A short message; the traceback goes to a file, where it can be sent from."""
    if debug:
        traceback.print_exception(error)
    with tempfile.NamedTemporaryFile("w", prefix="q2c-failure-", suffix=".log", delete=False, encoding="utf-8") as log:
        log.writelines(traceback.format_exception(error))
    text = f"unexpected failure: {type(error).__name__}: {str(error)[:300]}. Details are in {log.name}; --debug shows them here."
    _errors().print(text, style="red", markup=False, soft_wrap=True)


if __name__ == "__main__":
    app()
