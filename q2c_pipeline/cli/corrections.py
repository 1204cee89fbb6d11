"""`q2c corrections`: what is proposed against breaks, who decides, and how it reaches the systems."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from q2c_pipeline.cli.common import Config, Control, Form, Written, known_entity, output, show_rows

if TYPE_CHECKING:
    from q2c_pipeline.corrections.approval import Shown
    from q2c_pipeline.corrections.record import Correction
    from q2c_pipeline.orchestration.deciding import Filters
    from q2c_pipeline.orchestration.pushing import Pushed
    from q2c_pipeline.settings import Settings

corrections = typer.Typer(help="Repairs: proposed, approved, pushed once, verified, and undone if need be.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="A correction's id, or as much of its beginning as is unique.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Corrections; without them, all that fit the filters.")]
Status = Annotated[str | None, typer.Option("--status", help="proposed, approved, acknowledged, verified, task ...")]
Entity = Annotated[str | None, typer.Option("--entity", metavar="CODE", help="Only this legal entity's.")]
Exception_ = Annotated[str | None, typer.Option("--exception", metavar="ID", help="Only this exception's.")]
Without = Annotated[list[str] | None, typer.Option("--without", metavar="ID", help="Not this exception's; may be repeated.")]
Confirm = Annotated[str | None, typer.Option("--confirm", metavar="DIGEST", help="The digest of the set as it was shown.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for those who come after.")]


@corrections.command("list")
def list_corrections(
    status: Status = None,
    control: Control = None,
    entity: Entity = None,
    exception: Exception_ = None,
    form: Written = Form.TABLE,
    config: Config = None,
) -> None:
    """List corrections and how far they are."""
    from q2c_pipeline.orchestration import deciding

    settings = _settings(config)
    show_rows(deciding.listed(settings, _filters(settings, status, control, entity, exception), datetime.now(UTC)), form)


@corrections.command("show")
def show_correction(identifier: Id, config: Config = None) -> None:
    """Show one correction: what is wrong, the change field by field, its evidence, its plan and every attempt."""
    from q2c_pipeline.orchestration import deciding, showing_corrections

    settings = _settings(config)
    whole = deciding.whole(settings, identifier, datetime.now(UTC))
    for line in showing_corrections.whole(whole, may_see_personal=_may_see(settings)):
        output().print(line, markup=False, soft_wrap=True)


@corrections.command("plan")
def show_plan(identifier: Id, config: Config = None) -> None:
    """Show the steps of a correction's plan in the order in which they are pushed."""
    from q2c_pipeline.orchestration import deciding, showing_corrections

    for one in deciding.whole(_settings(config), identifier, datetime.now(UTC)).plan:
        output().print(showing_corrections.step(one), markup=False, soft_wrap=True)


@corrections.command("approve")
def approve_corrections(
    ids: Ids = None,
    control: Control = None,
    entity: Entity = None,
    exception: Exception_ = None,
    without: Without = None,
    confirm: Confirm = None,
    why: Why = "agreed",
    config: Config = None,
) -> None:
    """Approve one correction (with its plan), or a set: first shown with count and totals, then confirmed by its digest."""
    from q2c_pipeline.orchestration import deciding
    from q2c_pipeline.orchestration.acting import current_actor

    settings, at = _settings(config), datetime.now(UTC)
    filters, chosen = _filters(settings, None, control, entity, exception, without), ids or []
    shown = _looked_at(settings, chosen, filters, confirm, at)
    ready = deciding.approve(settings, current_actor(settings), chosen, filters, confirm or shown.digest, why, at)
    waiting = len(shown.corrections) - len(ready)
    output().print(f"{len(ready)} approved and in the outbox" + (f"; {waiting} wait for a second approval" if waiting else ""))


@corrections.command("reject")
def reject_corrections(
    ids: Ids = None,
    control: Control = None,
    entity: Entity = None,
    exception: Exception_ = None,
    without: Without = None,
    confirm: Confirm = None,
    why: Annotated[str | None, typer.Option("--why", help="The reason; it is needed.")] = None,
    config: Config = None,
) -> None:
    """Turn corrections down; they come back only when their evidence changes."""
    from q2c_pipeline.orchestration import deciding
    from q2c_pipeline.orchestration.acting import current_actor

    if not why:
        message = "expected a reason, found none"
        raise typer.BadParameter(message, param_hint="--why")
    settings, at = _settings(config), datetime.now(UTC)
    filters, chosen = _filters(settings, None, control, entity, exception, without), ids or []
    shown = _looked_at(settings, chosen, filters, confirm, at)
    done = deciding.reject(settings, current_actor(settings), chosen, filters, confirm or shown.digest, why, at)
    output().print(f"{len(done)} rejected")


@corrections.command("push")
def push_corrections(
    instance: Annotated[str | None, typer.Option("--instance", metavar="NAME", help="Only to this system.")] = None,
    execute: Annotated[bool, typer.Option("--execute", help="Send; without it the exact calls are shown.")] = False,  # noqa: FBT002
    config: Config = None,
) -> None:
    """Show exactly what would be sent to each system, or send it with --execute."""
    from q2c_pipeline.orchestration.acting import current_actor
    from q2c_pipeline.orchestration.pushing import Pushing

    settings = _settings(config)
    pushing = Pushing(settings, current_actor(settings), lambda: datetime.now(UTC))
    pushed = pushing.push(instance) if execute else pushing.preview(instance)
    may_see = _may_see(settings)
    clean = [_say_pushed(one, is_dry=not execute, may_see=may_see) for one in pushed]
    if not pushed:
        output().print("nothing waits to be pushed")
    raise typer.Exit(0 if all(clean) else 1)


@corrections.command("retry")
def retry_correction(identifier: Id, why: Why = "try again", config: Config = None) -> None:
    """Let a dead letter be pushed again; what was never answered is looked up first."""
    from q2c_pipeline.orchestration import deciding
    from q2c_pipeline.orchestration.acting import current_actor

    settings = _settings(config)
    after = deciding.retry(settings, current_actor(settings), identifier, why, datetime.now(UTC))
    output().print(f"{after.correction_id} waits for `q2c corrections push`", markup=False)


@corrections.command("compensate")
def compensate_correction(identifier: Id, why: Why = "undo", config: Config = None) -> None:
    """Propose to undo a correction that took effect: somebody else approves, then it is pushed."""
    from q2c_pipeline.orchestration import deciding
    from q2c_pipeline.orchestration.acting import current_actor

    settings = _settings(config)
    undo = deciding.compensate(settings, current_actor(settings), identifier, why, datetime.now(UTC))
    output().print(f"{undo.correction_id} proposed: it needs its own approval", markup=False)


def _settings(config: Config) -> Settings:
    from q2c_pipeline.settings import load_settings

    settings = load_settings(config)
    return settings.on(settings.business_day(datetime.now(UTC)))


def _filters(
    settings: Settings,
    status: str | None,
    control: str | None,
    entity: str | None,
    exception: str | None,
    without: Sequence[str] | None = None,
) -> Filters:
    from q2c_pipeline.corrections.record import Status as Known
    from q2c_pipeline.orchestration.deciding import Filters

    if status is not None and status not in set(Known):
        message = f"expected one of {', '.join(Known)}, found '{status}'"
        raise typer.BadParameter(message, param_hint="--status")
    return Filters(Known(status) if status else None, control, known_entity(settings, entity), exception, without or ())


def _may_see(settings: Settings) -> bool:
    from q2c_pipeline.domain.people import Permission
    from q2c_pipeline.orchestration.acting import current_actor

    return current_actor(settings).may(Permission.SEE_PERSONAL_DATA)


def _looked_at(settings: Settings, chosen: Sequence[str], filters: Filters, confirm: str | None, at: datetime) -> Shown:
    """The set that is meant; one that nobody has confirmed is shown and nothing is decided, but of a single one by its id."""
    from q2c_pipeline.orchestration import deciding, showing_corrections

    shown = deciding.shown(settings, chosen, filters, at)
    if confirm is not None or len(chosen) == 1:
        return shown
    for one in _first(shown.corrections):
        output().print(showing_corrections.step(one), markup=False, soft_wrap=True)
    for line in showing_corrections.totals(shown):
        output().print(line, markup=False)
    raise typer.Exit(0 if not shown.corrections else 2)


def _first(corrections: Sequence[Correction], most: int = 50) -> Sequence[Correction]:
    if len(corrections) > most:
        output().print(f"the first {most} of {len(corrections)}; `q2c corrections list --status proposed` shows all")
    return corrections[:most]


def _say_pushed(pushed: Pushed, *, is_dry: bool, may_see: bool) -> bool:
    from q2c_pipeline.orchestration import showing_corrections

    for line in showing_corrections.pushed(pushed, is_dry=is_dry, may_see_personal=may_see):
        output().print(line, markup=False, soft_wrap=True)
    return showing_corrections.is_clean(pushed)
