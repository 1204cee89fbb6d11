"""`q2c exceptions`: what waits in which queue, the history of each exception, and what people do to them."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from q2c_pipeline.cli.common import Config, Control, Form, Written, day, errors, known_entity, output, show_rows
from q2c_pipeline.domain.people import Queue

if TYPE_CHECKING:
    from q2c_pipeline.exceptions.selection import Filters
    from q2c_pipeline.orchestration.handling import Action, Chosen, History
    from q2c_pipeline.settings import Settings

exceptions = typer.Typer(
    help="Who works on which exception until when, and everything that happened to it.", no_args_is_help=True
)


class State(StrEnum):
    """Where an exception stands, as it is typed."""

    OPEN = "open"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in-progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    WAIVED = "waived"


class Severity(StrEnum):
    """How grave an exception is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids, or as much of their beginnings as is unique.")]
OneId = Annotated[str, typer.Argument(metavar="ID", help="An id, or as much of its beginning as is unique.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for those who come after.")]
OfQueue = Annotated[Queue | None, typer.Option("--queue", "-q", help="Only this queue.")]
OfEntity = Annotated[str | None, typer.Option("--entity", "-e", help="Only this legal entity.")]
OfSeverity = Annotated[Severity | None, typer.Option("--severity", help="Only this severity.")]
OfStatus = Annotated[State | None, typer.Option("--status", help="Only this state; else whatever needs somebody.")]
Mine = Annotated[bool, typer.Option("--mine", help="Only what is assigned to me.")]
Overdue = Annotated[bool, typer.Option("--overdue", help="Only what should have been resolved by now.")]
Confirm = Annotated[
    str | None, typer.Option("--confirm", metavar="NAME", help="Instead of ids: the name of the set that `list` showed.")
]


@exceptions.command("list")
def list_exceptions(
    queue: OfQueue = None,
    entity: OfEntity = None,
    severity: OfSeverity = None,
    status: OfStatus = None,
    control: Control = None,
    mine: Mine = False,  # noqa: FBT002
    overdue: Overdue = False,  # noqa: FBT002
    form: Written = Form.TABLE,
    config: Config = None,
) -> None:
    """List exceptions, the gravest first, with the name of the set for acting on all of them."""
    from q2c_pipeline.orchestration import handling
    from q2c_pipeline.reports.formats import counted

    settings, now = _settings(config), datetime.now(UTC)
    filters = _filters(settings, now, queue, entity, severity, status, control, mine=mine, overdue=overdue)
    frame, name = handling.listed(settings, filters, handling.today(settings, now))
    show_rows(frame, form)
    if len(frame):
        text = f"{counted(len(frame), 'exception')}; to act on all of them, give the same filters and --confirm {name}"
        errors().print(text, soft_wrap=True)


@exceptions.command("queues")
def list_queues(form: Written = Form.TABLE, config: Config = None) -> None:
    """Count what waits in each queue and entity, how grave it is, and how old."""
    from q2c_pipeline.orchestration import handling

    settings = _settings(config)
    show_rows(handling.queues(settings, handling.today(settings, datetime.now(UTC))), form)


@exceptions.command("show")
def show_exception(exception_id: OneId, config: Config = None) -> None:
    """Show one exception, its history, and what was merged into it; `q2c explain` tells what is wrong and why."""
    from q2c_pipeline.orchestration import handling

    settings = _settings(config)
    _print_history(handling.history(settings, exception_id))


@exceptions.command("assign")
def assign_exceptions(
    to: Annotated[str, typer.Option("--to", help="The account of the person.")],
    ids: Ids = None,
    why: Why = "",
    queue: OfQueue = None,
    entity: OfEntity = None,
    severity: OfSeverity = None,
    status: OfStatus = None,
    control: Control = None,
    mine: Mine = False,  # noqa: FBT002
    overdue: Overdue = False,  # noqa: FBT002
    shown: Confirm = None,
    form: Written = Form.TABLE,
    config: Config = None,
) -> None:
    """Give exceptions to somebody whose roles let them work on these."""
    from q2c_pipeline.exceptions.work import assign
    from q2c_pipeline.orchestration import handling

    settings, now = _settings(config), datetime.now(UTC)
    filters = _filters(settings, now, queue, entity, severity, status, control, mine=mine, overdue=overdue)
    person = handling.colleague(settings, to)
    chosen = handling.Chosen(ids or (), filters, shown)
    _act(settings, chosen, now, lambda connection, one, by: assign(connection, one, person, by, why), form)


@exceptions.command("start")
def start_exceptions(ids: Ids = None, why: Why = "", form: Written = Form.TABLE, config: Config = None) -> None:
    """Begin to work; what was nobody's is now yours."""
    from q2c_pipeline.exceptions.work import start

    _act_on_ids(ids, lambda connection, one, by: start(connection, one, by, why), form, config)


@exceptions.command("comment")
def comment_exceptions(why: Why, ids: Ids = None, form: Written = Form.TABLE, config: Config = None) -> None:
    """Say something that stays with an exception."""
    from q2c_pipeline.exceptions.work import comment

    _act_on_ids(ids, lambda connection, one, by: comment(connection, one, by, why), form, config)


@exceptions.command("waive")
def waive_exceptions(
    why: Why,
    until: Annotated[date, typer.Option("--until", parser=day, metavar="DATE", help="Its last day; then it returns by itself.")],
    ids: Ids = None,
    queue: OfQueue = None,
    entity: OfEntity = None,
    severity: OfSeverity = None,
    control: Control = None,
    shown: Confirm = None,
    form: Written = Form.TABLE,
    config: Config = None,
) -> None:
    """Let exceptions be until a day; you approve it, and take the role for it."""
    from q2c_pipeline.exceptions.work import Waiver, waive
    from q2c_pipeline.orchestration import handling

    settings, now = _settings(config), datetime.now(UTC)
    filters = _filters(settings, now, queue, entity, severity, None, control, mine=False, overdue=False)
    longest = settings.policy.exceptions.waiver_days
    chosen = handling.Chosen(ids or (), filters, shown)
    _act(settings, chosen, now, lambda connection, one, by: waive(connection, one, Waiver(why, until), by, longest), form)


@exceptions.command("resolve")
def resolve_exceptions(why: Why, ids: Ids = None, form: Written = Form.TABLE, config: Config = None) -> None:
    """Call exceptions done by hand; the next night reopens what it still finds."""
    from q2c_pipeline.exceptions.work import resolve

    _act_on_ids(ids, lambda connection, one, by: resolve(connection, one, by, why), form, config)


@exceptions.command("reopen")
def reopen_exceptions(why: Why, ids: Ids = None, form: Written = Form.TABLE, config: Config = None) -> None:
    """Take up again what was resolved, waived or waiting for a correction."""
    from q2c_pipeline.exceptions.work import reopen

    _act_on_ids(ids, lambda connection, one, by: reopen(connection, one, by, why), form, config)


@exceptions.command("merge")
def merge_exceptions(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="What is worked on as part of another.")],
    into: Annotated[str, typer.Option("--into", metavar="ID", help="The exception that stands for all.")],
    why: Why,
    config: Config = None,
) -> None:
    """Work on several exceptions as one; each keeps its history, and all of them or none are merged."""
    from q2c_pipeline.exceptions.grouping import merge
    from q2c_pipeline.orchestration import handling

    lead = handling.act_once(_settings(config), datetime.now(UTC), lambda connection, by: merge(connection, ids, into, by, why))
    typer.echo(f"{len(ids)} merged into {lead.exception_id}")


@exceptions.command("split")
def split_exception(exception_id: OneId, why: Why, config: Config = None) -> None:
    """Work on a merged exception by itself again."""
    from q2c_pipeline.exceptions.grouping import split
    from q2c_pipeline.orchestration import handling

    part = handling.act_once(
        _settings(config), datetime.now(UTC), lambda connection, by: split(connection, exception_id, by, why)
    )
    typer.echo(f"{part.exception_id} is {part.status.value}")


def _settings(config: Config) -> Settings:
    """The configuration with the policy that is in force today."""
    from q2c_pipeline.orchestration.handling import today
    from q2c_pipeline.settings import load_settings

    settings = load_settings(config)
    return settings.on(today(settings, datetime.now(UTC)))


def _filters(
    settings: Settings,
    now: datetime,
    queue: Queue | None,
    entity: str | None,
    severity: Severity | None,
    status: State | None,
    control: str | None,
    *,
    mine: bool,
    overdue: bool,
) -> Filters:
    from q2c_pipeline.exceptions.lifecycle import Status
    from q2c_pipeline.exceptions.selection import Filters
    from q2c_pipeline.orchestration import handling

    filters = Filters(
        queue=queue,
        entity=known_entity(settings, entity),
        severity=severity.value if severity else None,
        status=Status[status.name] if status else None,
        control=control,
        overdue_on=handling.today(settings, now) if overdue else None,
    )
    return handling.mine(settings, filters) if mine else filters


def _act_on_ids(ids: Sequence[str] | None, action: Action, form: Form, config: Config) -> None:
    from q2c_pipeline.orchestration.handling import Chosen

    _act(_settings(config), Chosen(ids or ()), datetime.now(UTC), action, form)


def _act(settings: Settings, chosen: Chosen, now: datetime, action: Action, form: Form) -> None:
    """One result a line; exit code 1 when something was refused."""
    from q2c_pipeline.orchestration import handling

    done = handling.act(settings, chosen, now, action)
    show_rows(handling.results(done), form)
    if not all(one.done for one in done):
        raise typer.Exit(1)


def _print_history(history: History) -> None:
    import polars as pl

    from q2c_pipeline.orchestration import asking, showing

    facts = [(name, asking.shown(value)) for name, value in vars(history.case).items() if value is not None]
    output().print(showing.rows(pl.DataFrame(facts, schema={"fact": pl.String, "value": pl.String}, orient="row")))
    happened = [
        (f"{one.at:%Y-%m-%d %H:%M}", one.who, one.kind.value, one.old or "", one.new or "", one.why) for one in history.events
    ]
    names = ("at", "who", "what", "old", "new", "why")
    output().print(showing.rows(pl.DataFrame(happened, schema=dict.fromkeys(names, pl.String), orient="row")))
    for part in history.parts:
        typer.echo(f"with {part.exception_id}: {part.reason}")
