"""A backup holds everything and comes back, into either database; a store that has anything in it is never written over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from q2c_pipeline.errors import StoreError
from q2c_pipeline.exceptions.cases import events
from q2c_pipeline.exceptions.grouping import merge
from q2c_pipeline.exceptions.proof import first_forged
from q2c_pipeline.exceptions.work import comment
from q2c_pipeline.state.audit import Head, verify
from q2c_pipeline.state.backup import back_up, restore
from q2c_pipeline.state.judgements import Judgement, Opinion, record_judgement
from q2c_pipeline.state.runs import ControlCount, Run, record_run, runs
from q2c_pipeline.state.schema import METADATA
from q2c_pipeline.state.store import state_at, writing
from q2c_pipeline_tests.unit.exceptions.company import ADA, FRIDAY, by, finding, reconcile

MOMENT = datetime(2026, 3, 31, 2, 30, tzinfo=UTC)
RUN = Run("r1", MOMENT.date(), MOMENT, None, "complete", "3", 1, 2, Decimal("123456789012345678.91"), "USD", 0)
ZULU, ALPHA = finding("zulu").exception_id, finding("alpha").exception_id


@pytest.fixture
def filled(state: Engine) -> Engine:
    """A store with something in every corner that people fill."""
    reconcile(state, FRIDAY, [finding("zulu"), finding("alpha")])
    with writing(state) as connection:
        first, last = sorted([ZULU, ALPHA])
        merge(connection, [first], last, by(ADA), "one cause")
    reconcile(state, FRIDAY + timedelta(days=3), [finding("zulu")])
    record_run(state, Run(**{**vars(RUN), "controls": (ControlCount("BB04", 2, Decimal("0.10")),)}))
    record_judgement(state, Judgement("a", "b", Opinion.SAME, "asked", "ada", MOMENT), "3")
    return state


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Another, empty place on each database."""
    if request.param == "sqlite":
        return str(tmp_path / "other" / "state.sqlite")
    url: str = request.getfixturevalue("other_postgresql_store")
    return url


def contents(state: Engine) -> dict[str, list[object]]:
    with state.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in METADATA.sorted_tables
        }


def test_everything_comes_back_on_either_database(filled: Engine, elsewhere: str, tmp_path: Path) -> None:
    copied = back_up(filled, tmp_path / "backup.sqlite")
    assert (copied.rows["exception_case"], copied.rows["run"]) == (2, 1)
    with state_at(elsewhere) as other:
        assert restore(tmp_path / "backup.sqlite", other) == copied
        assert contents(other) == contents(filled)
        assert verify(other) == verify(filled)
        assert runs(other)[0].amount_at_risk == RUN.amount_at_risk


def test_work_goes_on_after_a_restore(filled: Engine, elsewhere: str, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "backup.sqlite")
    with state_at(elsewhere) as other:
        restore(tmp_path / "backup.sqlite", other)
        with writing(other) as connection:
            comment(connection, ZULU, by(ADA), "here again")
        record_judgement(other, Judgement("a", "c", Opinion.SAME, "asked", "ada", MOMENT), "3")
        with other.connect() as connection:
            assert events(connection, ZULU)[-1].why == "here again"
            assert first_forged(connection) is None
        assert isinstance(verify(other), Head)


def test_a_backup_is_one_file_that_can_be_verified_where_it_lies(filled: Engine, tmp_path: Path) -> None:
    file = tmp_path / "folder" / "backup.sqlite"
    back_up(filled, file)
    assert [path.name for path in file.parent.iterdir()] == ["backup.sqlite"]
    assert file.stat().st_mode & 0o077 == 0
    with state_at(file) as copy:
        assert verify(copy) == verify(filled)


def test_a_backup_is_taken_while_somebody_writes(filled: Engine, tmp_path: Path) -> None:
    with writing(filled) as connection:
        comment(connection, ZULU, by(ADA), "not yet committed")
        back_up(filled, tmp_path / "backup.sqlite")
    with state_at(tmp_path / "backup.sqlite") as copy, copy.connect() as connection:
        assert isinstance(verify(copy), Head)
        assert "not yet committed" not in {event.why for event in events(connection, ZULU)}


def test_nothing_is_written_over(filled: Engine, tmp_path: Path) -> None:
    file = tmp_path / "backup.sqlite"
    back_up(filled, file)
    with pytest.raises(StoreError, match="a backup is never overwritten"):
        back_up(filled, file)
    before = contents(filled)
    with pytest.raises(StoreError, match=r"expected an empty state store, found .*2 rows in exception_case"):
        restore(file, filled)
    assert contents(filled) == before


@pytest.mark.parametrize("content", [None, b"no database", b""])
def test_what_is_no_backup_is_refused(state: Engine, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "backup.sqlite"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StoreError, match="backup"):
        restore(file, state)
    assert contents(state)["exception_case"] == []


def test_a_backup_of_a_newer_version_is_refused(filled: Engine, elsewhere: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.sqlite"
    back_up(filled, file)
    with state_at(file) as copy, copy.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with state_at(elsewhere) as other, pytest.raises(StoreError, match="found version 9999"):
        restore(file, other)


def test_a_restore_that_fails_leaves_the_store_empty(
    filled: Engine, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(filled, tmp_path / "backup.sqlite")

    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    with state_at(elsewhere) as other:
        empty = contents(other)
        with monkeypatch.context() as patched:
            patched.setattr("q2c_pipeline.state.backup._count_on", fail)
            with pytest.raises(RuntimeError):
                restore(tmp_path / "backup.sqlite", other)
        assert contents(other) == empty
