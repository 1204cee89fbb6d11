from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlalchemy as sa
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage

from q2c_pipeline.orchestration.history import quick_history


def synchronous(path: Path) -> int:
    with sa.create_engine(f"sqlite:///{path}").connect() as connection:
        return int(connection.execute(sa.text("pragma synchronous")).scalar_one())


def test_only_databases_of_the_history_stop_waiting_and_only_while_the_night_runs(tmp_path: Path) -> None:
    home, other = tmp_path / "history", tmp_path / "state.db"
    home.mkdir()
    with quick_history(home):
        assert synchronous(home / "runs.db") == 1
        assert synchronous(other) == 2
    assert synchronous(home / "runs.db") == 2


def test_the_write_ahead_log_lives_until_the_night_ends_and_is_emptied_then(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    log = path.with_name("runs.db-wal")
    with quick_history(tmp_path):
        for statement in ("pragma journal_mode = wal", "create table event (number integer)", "insert into event values (7)"):
            with sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool).begin() as connection:
                connection.execute(sa.text(statement))
        assert log.exists()
    assert not log.exists()
    with sqlite3.connect(path) as connection:
        assert connection.execute("select number from event").fetchall() == [(7,)]


def test_dagsters_stores_make_one_engine_a_database_while_the_night_runs(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    own = vars(sqlite_event_log)["create_engine"]
    with quick_history(tmp_path):
        makers = [vars(store)["create_engine"] for store in (sqlite_event_log, sqlite_run_storage)]
        made, again = (make(url, poolclass=sa.NullPool) for make in makers)
        other = makers[0](f"{url}2", poolclass=sa.NullPool)
    assert made is again
    assert made is not other
    assert vars(sqlite_event_log)["create_engine"] is own
