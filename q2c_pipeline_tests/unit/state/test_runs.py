"""The state store keeps every digit and moment, and never shows a password."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, StatementError

from q2c_pipeline.errors import ConfigurationError, StoreError
from q2c_pipeline.state.runs import ControlCount, Run, record_run, runs
from q2c_pipeline.state.store import open_state, state_at, writing
from q2c_pipeline.state.tables import METADATA

MOMENT = datetime(2026, 3, 31, 2, 30, tzinfo=UTC)
RUN = Run(
    run_id="2026-03-31-a",
    as_of=date(2026, 3, 31),
    started_at=MOMENT,
    finished_at=MOMENT + timedelta(minutes=4),
    status="succeeded",
    policy_version="3",
    batches=42,
    exceptions=2,
    amount_at_risk=Decimal("123456789012345678.9100"),
    group_currency="USD",
    unexplained=0,
    controls=(ControlCount("BB04", 2, Decimal("0.1")), ControlCount("BP01", 0, Decimal(0))),
)


def test_a_run_comes_back_with_all_its_digits_and_in_utc(state: Engine) -> None:
    record_run(state, RUN)
    assert runs(state) == [RUN]


def test_another_time_zone_is_the_same_moment(state: Engine) -> None:
    berlin = MOMENT.astimezone(timezone(timedelta(hours=2)))
    record_run(state, replace(RUN, started_at=berlin))
    assert runs(state)[0].started_at == MOMENT
    assert runs(state)[0].started_at.tzinfo == UTC


def test_a_moment_without_zone_is_refused(state: Engine) -> None:
    with pytest.raises(StatementError, match="needs a time zone"):
        record_run(state, replace(RUN, started_at=MOMENT.replace(tzinfo=None)))
    assert runs(state) == []


def test_recording_a_run_again_replaces_it(state: Engine) -> None:
    record_run(state, RUN)
    again = replace(RUN, exceptions=1, controls=RUN.controls[:1])
    record_run(state, again)
    assert runs(state) == [again]


def test_the_newest_runs_come_oldest_first(state: Engine) -> None:
    for day in (3, 1, 5, 2, 4):
        record_run(state, replace(RUN, run_id=f"r{day}", as_of=date(2026, 3, day)))
    assert [run.run_id for run in runs(state, limit=3)] == ["r3", "r4", "r5"]


def test_sqlite_is_set_up_for_one_writer_and_many_readers(tmp_path: Path) -> None:
    with state_at(tmp_path / "state.sqlite") as state, state.connect() as connection:
        assert connection.execute(text("pragma journal_mode")).scalar() == "wal"
        assert connection.execute(text("pragma foreign_keys")).scalar() == 1
        assert connection.execute(text("pragma busy_timeout")).scalar() == 30000


def test_a_control_needs_its_run(state: Engine) -> None:
    with pytest.raises(IntegrityError), state.begin() as connection:
        connection.execute(text("insert into run_control values ('nobody', 'BB04', 1, 1)"))


def test_opening_twice_keeps_what_was_there(tmp_path: Path) -> None:
    first = open_state(tmp_path / "q2c.sqlite")
    record_run(first, RUN)
    first.dispose()
    second = open_state(tmp_path / "q2c.sqlite")
    assert runs(second) == [RUN]
    second.dispose()


@pytest.mark.parametrize("url", ["mysql://u:geheim@h/db", "://geheim", "postgresql+psycopg://u:geheim@h:notaport/db"])
def test_an_unusable_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_state(url)
    assert "geheim" not in str(caught.value)


def test_a_missing_driver_is_named() -> None:
    with pytest.raises(ConfigurationError, match="a database driver for postgresql"):
        open_state("postgresql+pg8000://u:geheim@h/db")


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as caught:
        open_state("postgresql+psycopg://reader:geheim@127.0.0.1:9/q2c")
    assert "geheim" not in str(caught.value)
    assert "127.0.0.1:9" in str(caught.value)


def test_a_store_that_stays_locked_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("q2c_pipeline.state.store._PRAGMAS", ("journal_mode = wal", "busy_timeout = 10"))

    def write() -> None:
        with state_at(tmp_path / "q2c.sqlite") as second:
            record_run(second, RUN)

    with (
        state_at(tmp_path / "q2c.sqlite") as first,
        writing(first),
        pytest.raises(StoreError, match=r"database is locked.*repeat"),
    ):
        write()


def test_no_table_has_room_for_a_secret() -> None:
    columns = {column.name for table in METADATA.tables.values() for column in table.columns}
    assert not [name for name in columns if any(word in name for word in ("secret", "password", "token", "credential"))]
