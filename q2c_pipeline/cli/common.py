"""What every command group shares: options, forms of output, and the words for a failure."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

import errno
import sqlite3
import tempfile
import traceback
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from q2c_pipeline.errors import Q2CError
    from q2c_pipeline.settings import Settings

_LEAST_WIDTH = 110
"""A narrower terminal wraps lines itself; cutting an amount short would be worse."""
_PIPE_WIDTH = 220
"""Columns where the output is no terminal: wide enough that nothing is folded."""

_REFUSALS = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOTDIR, errno.EISDIR}
)
_SQLITE_REFUSALS = ("disk I/O error", "disk is full", "unable to open", "readonly database")


class Form(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def day(text: str) -> date:
    """A date such as 2026-06-30."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"expected a date such as 2026-06-30, found '{text}'"
        raise typer.BadParameter(message) from None


def month(text: str) -> date:
    """The first day of a month such as 2026-06."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        message = f"expected a month such as 2026-06, found '{text}'"
        raise typer.BadParameter(message) from None


def control_id(text: str) -> str:
    """The id of a control that there is: of a misspelt one nothing would be found, which reads as if all were well."""
    from q2c_pipeline.engine.controls import load_sql_files
    from q2c_pipeline.settings import did_you_mean

    known = {file.header["control"] for file in load_sql_files() if file.is_control}
    if text.upper() not in known:
        message = f"expected a control, found '{text}'; {did_you_mean(text, known)}"
        raise typer.BadParameter(message)
    return text.upper()


Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration; else $Q2C_CONFIG, else ./q2c.toml.")]
Control = Annotated[
    str | None, typer.Option("--control", parser=control_id, metavar="ID", help="Only this control's, such as BB04.")
]
AsOf = Annotated[date | None, typer.Option("--as-of", parser=day, metavar="DATE", help="The day whose end is reconciled.")]
Written = Annotated[Form, typer.Option("--format", "-f", help="How rows are written.")]


def known_entity(settings: Settings, code: str | None) -> str | None:
    """The code, where a legal entity has it: of an unknown one nothing would be found, which reads as if all were well."""
    from q2c_pipeline.settings import did_you_mean

    if code is not None and code not in settings.company.entities:
        message = f"expected a legal entity, found '{code}'; {did_you_mean(code, settings.company.entities)}"
        raise typer.BadParameter(message, param_hint="--entity")
    return code


def show_rows(frame: pl.DataFrame, form: Form) -> None:
    """Print rows in the form that was asked for."""
    from q2c_pipeline.orchestration import asking, showing

    match form:
        case Form.TABLE:
            output().print(showing.rows(frame) if len(frame) else "nothing to show")
        case Form.CSV:
            typer.echo(asking.as_csv(frame), nl=False)
        case Form.JSON:
            typer.echo(asking.as_json(frame))


def output() -> Console:
    """Where results go: as wide as the terminal, and never so narrow that an amount is folded."""
    from rich.console import Console

    console = Console(highlight=False)
    width = max(console.width, _LEAST_WIDTH) if console.is_terminal else _PIPE_WIDTH
    return Console(highlight=False, width=width)


def errors() -> Console:
    """Where progress and failures go."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def say_error(error: Q2CError, *, debug: bool) -> None:
    """An error on purpose in its own words."""
    if debug:
        traceback.print_exception(error)
    errors().print(f"{type(error).__name__}: {error}", style="red", markup=False, soft_wrap=True)


def refused_by_the_machine(error: BaseException | None) -> Q2CError | None:
    """A full disk, a missing permission or an unreadable folder behind a failure, in the words of an error on purpose."""
    from q2c_pipeline.errors import StoreError

    while error is not None:
        is_refused = isinstance(error, OSError) and error.errno in _REFUSALS
        if is_refused or (isinstance(error, sqlite3.OperationalError) and any(one in str(error) for one in _SQLITE_REFUSALS)):
            return StoreError(
                expected="files and folders that can be read and written",
                found=(error.strerror if isinstance(error, OSError) else None) or str(error),
                where=str(getattr(error, "filename", None) or "a store"),
                next_step="see to permissions and free space, then run again; `q2c check` looks at every store",
            )
        error = error.__cause__ or error.__context__
    return None


def say_unexpected(error: Exception, *, debug: bool) -> None:
    """A short message; the traceback goes to a file, where it can be sent from."""
    if debug:
        traceback.print_exception(error)
    with tempfile.NamedTemporaryFile("w", prefix="q2c-failure-", suffix=".log", delete=False, encoding="utf-8") as log:
        log.writelines(traceback.format_exception(error))
    text = f"unexpected failure: {type(error).__name__}: {str(error)[:300]}. Details are in {log.name}; --debug shows them here."
    errors().print(text, style="red", markup=False, soft_wrap=True)
