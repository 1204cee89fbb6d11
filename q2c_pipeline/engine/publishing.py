"""Hands the finished warehouse to its readers: a complete copy that appears all at once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import duckdb

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

READER_SCHEMAS = (
    "policy",
    "landing",
    "canonical",
    "claim",
    "identity",
    "link",
    "schedule",
    "grid",
    "control",
    "recon",
    "repair",
    "mart",
)
"""What analysts see; `mapped` holds all versions and stays in the work file."""


def publish(work: Warehouse, target: Path, schemas: Sequence[str] = READER_SCHEMAS) -> Path:
    """Copy `schemas` of the work file to `target`; a reader sees the old file or the new one, never half of one."""
    unfinished = target.with_suffix(".unfinished")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove(unfinished)
        _copy(work, unfinished, schemas)
        unfinished.replace(target)
    except (OSError, duckdb.Error) as error:
        _remove(unfinished)
        raise StoreError(
            expected="a folder with room that can be written",
            found=str(error).strip().splitlines()[0],
            where=str(target),
            next_step="free disk space or correct the permissions, then run again: readers keep the last published file",
        ) from error
    return target


def _remove(unfinished: Path) -> None:
    """Take away a copy and the log beside it, which another copy under this name would be taken to belong to."""
    for path in (unfinished, unfinished.with_name(f"{unfinished.name}.wal")):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _copy(work: Warehouse, unfinished: Path, schemas: Sequence[str]) -> None:
    execute = work.connection.execute
    path = str(unfinished).replace("'", "''")
    execute(f"attach '{path}' as publication")
    try:
        for schema, table in _tables(work, schemas):
            execute(f'create schema if not exists publication."{schema}"')
            execute(f'create table publication."{schema}"."{table}" as from "{schema}"."{table}"')
    except BaseException:
        with suppress(duckdb.Error):  # the failure that led here says more
            execute("detach publication")
        raise
    execute("detach publication")


def _tables(work: Warehouse, schemas: Sequence[str]) -> list[tuple[str, str]]:
    """Tables of `schemas` in the work file, sorted."""
    rows = work.connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() order by all"
    ).fetchall()
    return [(schema, table) for schema, table in rows if schema in schemas]


def open_published(path: Path) -> Warehouse:
    """The published copy, read-only; use as a context manager. Raises StoreError when nothing was published yet."""
    if not path.exists():
        raise StoreError(
            expected="a published file",
            found="none",
            where=str(path),
            next_step="run `q2c nightly` first",
        )
    return Warehouse(path, read_only=True)
