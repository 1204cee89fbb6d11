"""Backup and restore of the state store. A backup is one SQLite file, whatever database it comes from and goes to.

It is a state store itself: its audit log can be verified where it lies.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, insert, select, text, update
from sqlalchemy.engine import Engine

from q2c_pipeline.errors import StoreError
from q2c_pipeline.state.audit import head_of
from q2c_pipeline.state.audit_tables import AUDIT_HEAD
from q2c_pipeline.state.schema import METADATA
from q2c_pipeline.state.store import state_at, writing

_AT_ONCE = 5_000


@dataclass(frozen=True)
class Copied:
    """What was copied: rows by table."""

    rows: dict[str, int]


def back_up(engine: Engine, file: Path) -> Copied:
    """Write everything, as it is at one moment, while others go on working; raises StoreError where `file` is there already."""
    if file.exists():
        raise _refused("a file that is not there yet", "a file", str(file), "name another one: a backup is never overwritten")
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    if engine.dialect.name == "sqlite":
        _copy_file(engine, unfinished)
    else:
        _copy_moment(engine, unfinished)
    _into_one_file(unfinished)
    unfinished.rename(file)
    with state_at(file) as copy, copy.connect() as connection:
        counted = _count(connection)
    _into_one_file(file)
    return Copied(counted)


def restore(file: Path, engine: Engine) -> Copied:
    """Bring a backup back into an empty store, all of it or nothing; raises StoreError for a store that has anything in it."""
    with _opened_copy(file) as backup, backup.connect() as source, writing(engine) as target:
        filled = {name: count for name, count in _count(target).items() if count}
        if filled:
            found = ", ".join(f"{count} rows in {name}" for name, count in filled.items())
            where = engine.url.render_as_string(hide_password=True)
            raise _refused("an empty state store", found, where, "name another file or database under stores, then restore")
        _copy_tables(source, target)
        return Copied(_count(target))


def _copy_file(engine: Engine, file: Path) -> None:
    """SQLite's own online backup: pages are copied while others read and write."""
    source = engine.raw_connection()
    try:
        with closing(sqlite3.connect(file)) as target:
            driver: sqlite3.Connection = source.driver_connection  # type: ignore[assignment]
            driver.backup(target)
    finally:
        source.close()


def _copy_moment(engine: Engine, file: Path) -> None:
    """Everything as one transaction sees it, whatever is written meanwhile."""
    with state_at(file) as copy, engine.connect() as connection, writing(copy) as target:
        _copy_tables(connection.execution_options(isolation_level="REPEATABLE READ"), target)


def _into_one_file(file: Path) -> None:
    """Without a write-ahead log beside it, so that the one file is the whole backup."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("pragma journal_mode = delete")


@contextmanager
def _opened_copy(file: Path) -> Iterator[Engine]:
    """A copy of the backup, brought to today's version; the backup itself stays as it was."""
    if not file.is_file():
        raise _refused("a backup", "no such file", str(file), "name the file that `q2c state backup` wrote")
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "backup.sqlite"
        shutil.copyfile(file, copy)
        with closing(sqlite3.connect(copy)) as connection:
            _refuse_damaged(connection, file)
        with state_at(copy) as engine:
            yield engine


def _refuse_damaged(connection: sqlite3.Connection, file: Path) -> None:
    try:
        found = connection.execute("pragma integrity_check").fetchone()[0]
        version = connection.execute("select count(*) from sqlite_master where name in ('run', 'alembic_version')").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found, version = str(error), 0
    if found != "ok" or not version:
        what = "another database" if found == "ok" else found
        raise _refused("a whole backup of a state store", what, str(file), "take an older backup")


def _copy_tables(source: Connection, target: Connection) -> None:
    for table in METADATA.sorted_tables:
        if table is AUDIT_HEAD:
            head = head_of(source)
            target.execute(update(table).values(entries=head.entries, hash=head.hash))
            continue
        rows = source.execute(select(table).order_by(*_parents_first(table))).mappings()
        for some in rows.partitions(_AT_ONCE):
            target.execute(insert(table), [dict(row) for row in some])
        _count_on(target, table)


def _parents_first(table: Table) -> list[ColumnElement[Any]]:
    """Rows that others of the same table refer to come before them."""
    own = [one.parent.is_not(None) for one in table.foreign_keys if one.column.table is table]
    return [*own, *table.primary_key.columns]


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL numbers new rows by itself: it goes on after the copied ones."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    sequence = connection.execute(
        text("select pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
    )
    name = sequence.scalar()
    highest = connection.execute(select(func.max(column))).scalar()
    if name is not None and highest is not None:
        connection.execute(text("select setval(:name, :highest)"), {"name": name, "highest": highest})


def _count(connection: Connection) -> dict[str, int]:
    """Rows of every table but the one that is never empty."""
    tables = [table for table in METADATA.sorted_tables if table is not AUDIT_HEAD]
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def _refused(expected: str, found: str, where: str, next_step: str) -> StoreError:
    return StoreError(expected=expected, found=found, where=where, next_step=next_step)
