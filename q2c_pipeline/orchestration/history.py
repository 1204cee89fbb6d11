"""Dagster's SQLite history without waiting for the disk after every event.

Dagster makes an engine and opens and closes a connection for each event. The last one to close a database in write-ahead mode
empties its log into the database and waits until the disk has it; thousands of times a night. So one connection to each database
stays open while a night runs, and a commit leaves the moment of writing to the system: after a power failure the history may lack
its last events, but is whole. What was found is kept elsewhere. And an engine is made once for each database, with the
statements that it has compiled.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from unittest.mock import patch

from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage as runs
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine


@contextmanager
def quick_history(home: Path) -> Iterator[None]:
    """Speed up the databases below `home` while the context lasts."""
    kept, engines = _Kept(home.resolve()), _Engines()
    event.listen(Engine, "connect", kept.on_connect)
    try:
        with patch.object(sqlite_event_log, "create_engine", engines.made), patch.object(runs, "create_engine", engines.made):
            yield
    finally:
        event.remove(Engine, "connect", kept.on_connect)
        kept.close()


class _Engines:
    """One engine for each database and its options."""

    def __init__(self) -> None:
        self._engines: dict[str, Engine] = {}

    def made(self, url: str, **options: Any) -> Engine:
        """The engine that was made before, or a new one."""
        name = f"{url} {sorted(options.items())}"
        if name not in self._engines:
            self._engines[name] = create_engine(url, **options)
        return self._engines[name]


class _Kept:
    """One open connection for each database."""

    def __init__(self, home: Path) -> None:
        self._home, self._lock = home, Lock()
        self._connections: dict[Path, sqlite3.Connection] = {}

    def on_connect(self, connection: Any, _: object) -> None:
        """Hear of a new connection of any engine of this process; those of other databases are left alone."""
        if not isinstance(connection, sqlite3.Connection):
            return
        path = Path(connection.execute("pragma database_list").fetchone()[2] or "/")
        if not path.is_relative_to(self._home):
            return
        connection.execute("pragma synchronous = normal")
        with self._lock:
            if path not in self._connections:
                self._connections[path] = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            # A database counts as open only after a read, and its mode may have changed since the last one.
            self._connections[path].execute("select count(*) from sqlite_master").fetchone()

    def close(self) -> None:
        """Empty the logs and give the files back."""
        for connection in self._connections.values():
            connection.close()
