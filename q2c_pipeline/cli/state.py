"""`q2c state` and `q2c audit`: the store of what people decided, and the log of who did what."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from q2c_pipeline.cli.common import Config, Form, Written, errors, show_rows

if TYPE_CHECKING:
    from q2c_pipeline.exceptions.cases import By
    from q2c_pipeline.settings import Settings
    from q2c_pipeline.state.audit import Head

state = typer.Typer(help="The store of what people decided: backup, restore, version, health.", no_args_is_help=True)
audit = typer.Typer(help="Who did what, when and why; and the proof that nobody changed it since.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup: one file, for SQLite and PostgreSQL alike.")]


@state.command("backup")
def back_up(file: File, config: Config = None) -> None:
    """Write everything in the store to a file, while others go on working."""
    from q2c_pipeline.orchestration import statekeeping

    settings, by = _acting(config)
    _say_copied(statekeeping.back_up(settings, file, by).rows, f"written to {file}")


@state.command("restore")
def restore(file: File, config: Config = None) -> None:
    """Bring a backup back into the store that q2c.toml names, which must be empty."""
    from q2c_pipeline.orchestration import statekeeping

    settings, by = _acting(config)
    _say_copied(statekeeping.restore(settings, file, by).rows, f"restored from {file}")
    _prove(settings, None)


@state.command("upgrade")
def upgrade(config: Config = None) -> None:
    """Bring the store to the version of this installation; every command that works on it does so where it is needed."""
    from q2c_pipeline.orchestration import statekeeping

    settings, _ = _acting(config)
    statekeeping.upgrade(settings)
    _prove(settings, None)


@state.command("check")
def check_state(config: Config = None) -> None:
    """Look at the store and change nothing: can it be opened, which version is it, does its audit log hold."""
    settings, _ = _acting(config)
    _prove(settings, None)


@audit.command("verify")
def verify(
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="NUMBER:HASH", help="A head that was noted before: it must still be there.")
    ] = None,
    config: Config = None,
) -> None:
    """Prove the whole chain; exit code 1 and the first broken link where it does not hold."""
    settings, _ = _acting(config)
    _prove(settings, _head(expect) if expect else None)


@audit.command("show")
def show(
    subject: Annotated[str | None, typer.Option(help="Only this subject, such as exception:1f0c...")] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the newest few.")] = None,
    form: Written = Form.TABLE,
    config: Config = None,
) -> None:
    """Show entries of the log, oldest first."""
    from q2c_pipeline.orchestration import statekeeping

    settings, by = _acting(config)
    show_rows(statekeeping.audit_entries(settings, by, subject, last), form)


def _acting(config: Config) -> tuple[Settings, By]:
    from q2c_pipeline.orchestration import handling
    from q2c_pipeline.settings import load_settings

    settings, now = load_settings(config), datetime.now(UTC)
    return settings.on(handling.today(settings, now)), handling.acting(settings, now)


def _prove(settings: Settings, noted: Head | None) -> None:
    from q2c_pipeline.orchestration import statekeeping
    from q2c_pipeline.state.audit import BrokenLink

    health = statekeeping.check(settings, noted)
    if health.version is None:
        typer.echo("there is no state store yet: the first night makes it, or `q2c state upgrade`")
        return
    typer.echo(f"state store of version {health.version}")
    if health.proof is None:
        newer = f"this installation is of version {health.newest_version}: `q2c state upgrade` brings it up to date"
        errors().print(f"{newer}; nothing was proved of it, and nothing was changed", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1)
    if isinstance(health.proof, BrokenLink):
        errors().print(f"the audit log is broken at {health.proof}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1)
    typer.echo(f"the audit log holds: {health.proof.entries} entries, head {health.proof.entries}:{health.proof.hash}")


def _head(text: str) -> Head:
    from q2c_pipeline.state.audit import Head

    number, separator, value = text.partition(":")
    if not separator or not number.isdigit():
        message = f"expected NUMBER:HASH as `q2c audit verify` prints it, found '{text}'"
        raise typer.BadParameter(message, param_hint="--expect")
    return Head(int(number), value)


def _say_copied(rows: dict[str, int], done: str) -> None:
    for table, count in rows.items():
        typer.echo(f"{count:>10,} {table}")
    typer.echo(f"{sum(rows.values()):>10,} rows {done}")
