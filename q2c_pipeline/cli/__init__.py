"""`q2c`: a thin door to the functions that Dagster calls; every heavy import waits inside its command."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from q2c_pipeline.cli.alerts import alerts
from q2c_pipeline.cli.common import (
    AsOf,
    Config,
    Form,
    Written,
    errors,
    month,
    output,
    refused_by_the_machine,
    say_error,
    say_unexpected,
    show_rows,
)
from q2c_pipeline.cli.corrections import corrections
from q2c_pipeline.cli.exceptions import exceptions
from q2c_pipeline.cli.identity import identity
from q2c_pipeline.cli.nights import run_month, run_night, show_night
from q2c_pipeline.cli.policies import policy
from q2c_pipeline.cli.schedules import schedule
from q2c_pipeline.cli.simulation import demo, sandbox
from q2c_pipeline.cli.state import audit, state
from q2c_pipeline.errors import Q2CError

if TYPE_CHECKING:
    from q2c_pipeline.settings import Settings


class _Door(TyperGroup):
    """Turns every failure into one clear message and an exit code that is not zero."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse what no store could hold: a shell hands bytes that are no UTF-8 over as halves of characters."""
        for one in args:
            try:
                one.encode()
            except UnicodeEncodeError:
                ctx.fail(f"expected text in UTF-8, found {one.encode(errors='backslashreplace').decode()}")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Q2CError as error:
            say_error(error, debug=ctx.params["debug"])
        except KeyboardInterrupt:
            errors().print("stopped; what was published before is still in place")
            raise typer.Exit(130) from None
        except Exception as error:
            # Exits and usage errors of the command line itself, and a reader that has gone away, are typer's to handle.
            if hasattr(error, "exit_code") or isinstance(error, (typer.Abort, BrokenPipeError)):
                raise
            refused = refused_by_the_machine(error)
            if refused:
                say_error(refused, debug=ctx.params["debug"])
            else:
                say_unexpected(error, debug=ctx.params["debug"])
        raise typer.Exit(1)


app = typer.Typer(
    cls=_Door,
    help="Proves every night that what was booked, billed and posted agrees to the cent, and names the cause where not.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for _name, _group in {
    "alerts": alerts,
    "audit": audit,
    "corrections": corrections,
    "exceptions": exceptions,
    "sandbox": sandbox,
    "identity": identity,
    "policy": policy,
    "schedule": schedule,
    "state": state,
}.items():
    app.add_typer(_group, name=_name)
app.command()(demo)


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", envvar="Q2C_DEBUG", help="Show the traceback of a failure.")] = False,  # noqa: FBT002
) -> None:
    """Take the options that stand before the command."""


@app.command()
def nightly(
    as_of: AsOf = None,
    config: Config = None,
    full: Annotated[bool, typer.Option("--full", help="Make every table anew, not only what changes touch.")] = False,  # noqa: FBT002
    only: Annotated[
        date | None,
        typer.Option("--month", parser=month, metavar="MONTH", help="Ask no system; make only this month's cells again."),
    ] = None,
) -> None:
    """Extract, load, reconcile and publish one night; exit code 1 when a system was blocked or the run failed."""
    from q2c_pipeline.settings import load_settings

    if only and full:
        raise typer.BadParameter("--month makes less than everything, --full makes all: give one of them")
    settings = load_settings(config)
    result = run_month(settings, as_of, only) if only else run_night(settings, _day_to_run(settings, as_of), full=full)
    show_night(settings, result)
    if result.blocked:
        raise typer.Exit(1)


@app.command()
def check(config: Config = None) -> None:
    """Test configuration, systems, permissions, stores and disk; say how to cure what is wrong."""
    from q2c_pipeline.orchestration import checking, showing
    from q2c_pipeline.settings import load_settings

    console, bad = output(), 0
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
    output().print(showing.places(settings, build_reports(settings)))


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
            output().print(showing.tree(top))


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
        output().print(showing.explanation(explain(published, identifier)))


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
        output().print(showing.rows(asking.listing()))
        return
    show_rows(asking.ask(load_settings(config), name, param or []), form)


def _day_to_run(settings: Settings, as_of: date | None) -> date:
    """The day asked for, else the last complete one; a day that is not over yet would hide later changes from the next run."""
    last = settings.business_day(datetime.now(UTC))
    if as_of is not None and as_of > last:
        message = f"expected a day that is over in {settings.company.time_zone} ({last} or before), found {as_of}"
        raise typer.BadParameter(message, param_hint="--as-of")
    return as_of or last
