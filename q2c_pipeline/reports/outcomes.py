"""Writes what people read about a night: the workbook and the page, side by side in one folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.errors import StoreError
from q2c_pipeline.reports.contents import Contents, read_contents
from q2c_pipeline.reports.report import write_report
from q2c_pipeline.reports.workbook import write_workbook
from q2c_pipeline.state.runs import Run

_WRITERS: dict[str, Callable[[Contents, Path], Path]] = {"xlsx": write_workbook, "html": write_report}


def write_outcomes(
    published: Path, folder: Path, as_of: date, run_history: Sequence[Run], standing: pl.DataFrame | None = None
) -> dict[str, Path]:
    """Write `q2c-<as_of>.xlsx` and `.html`; each appears complete or not at all."""
    with open_published(published) as warehouse:
        contents = read_contents(warehouse, as_of, run_history, standing)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {kind: _complete(write, contents, folder / f"q2c-{as_of}.{kind}") for kind, write in _WRITERS.items()}
    except OSError as error:
        raise StoreError(
            expected="a reports folder that can be written",
            found=str(error),
            where=str(folder),
            next_step="close the file if it is open elsewhere, free space or correct the permissions, then run again",
        ) from error


def _complete(write: Callable[[Contents, Path], Path], contents: Contents, target: Path) -> Path:
    """Write beside the target, then rename: nobody opens half a file."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        write(contents, unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target
