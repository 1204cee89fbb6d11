"""A store grows with the product: adopted, upgraded once, and refused when it is newer."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from q2c_pipeline.errors import StoreError
from q2c_pipeline.state import versions
from q2c_pipeline.state.schema import METADATA
from q2c_pipeline.state.store import open_state, state_at, version_at

BEFORE_VERSIONS = """
create table run (run_id varchar(64) not null, as_of date not null, started_at datetime not null, finished_at datetime,
 status varchar(20) not null, policy_version varchar(64) not null, batches integer not null, exceptions integer not null,
 amount_at_risk varchar(50) not null, group_currency varchar(3) not null, unexplained integer not null,
 constraint pk_run primary key (run_id));
create table run_control (run_id varchar(64) not null, control_id varchar(10) not null, exceptions integer not null,
 amount_at_risk varchar(50) not null, constraint pk_run_control primary key (run_id, control_id));
insert into run values ('r1', '2026-03-31', '2026-03-31 02:30:00.000000', null, 'complete', '1', 3, 0, '0', 'USD', 0)
"""


def test_migrations_make_what_the_tables_declare(state: Engine) -> None:
    with state.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    declared = {str(one.name) for table in METADATA.sorted_tables for one in table.constraints if _is_check(one)}
    assert _checks(state) == declared


def test_versions_are_the_migrations_in_one_line() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(versions.__file__).parent / "migrations"))
    script = ScriptDirectory.from_config(config)
    assert versions.known_versions() == [one.revision for one in reversed([*script.walk_revisions()])]
    assert len(script.get_heads()) == 1


def test_a_store_from_before_versions_is_adopted_with_what_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    old = create_engine(f"sqlite:///{file}")
    with old.begin() as connection:
        for statement in BEFORE_VERSIONS.split(";"):
            connection.execute(text(statement))
    old.dispose()
    with state_at(file) as engine, engine.connect() as connection:
        assert connection.execute(text("select run_id, audit_entries from run")).all() == [("r1", None)]
        assert versions.version_of(connection) == versions.known_versions()[-1]


def test_a_store_of_a_newer_version_is_refused_and_left_alone(store_url: str) -> None:
    with state_at(store_url) as engine, engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match=r"found version 9999.*install the version of q2c_pipeline that wrote it"):
        open_state(store_url)


def test_a_look_at_the_version_changes_nothing(tmp_path: Path, store_url: str) -> None:
    assert version_at(tmp_path / "nowhere" / "state.sqlite") is None
    assert not (tmp_path / "nowhere").exists()
    open_state(store_url).dispose()
    assert version_at(store_url) == versions.known_versions()[-1]
    with state_at(store_url) as engine, engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0001'"))
    assert version_at(store_url) == "0001"


def test_somebody_elses_table_is_not_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite"
    other = create_engine(f"sqlite:///{file}")
    with other.begin() as connection:
        connection.execute(text("create table run (distance integer)"))
    with pytest.raises(StoreError, match="a table run that differs in"):
        open_state(file)
    assert inspect(other).get_table_names() == ["run"]
    other.dispose()


def test_a_failed_upgrade_leaves_nothing_behind(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr("alembic.operations.ops.BulkInsertOp.bulk_insert", fail)
        patched.setattr("alembic.op.bulk_insert", fail)
        with pytest.raises(RuntimeError, match="power cut"):
            open_state(store_url)
    with state_at(store_url) as engine, engine.connect() as connection:
        assert versions.version_of(connection) == versions.known_versions()[-1]


def test_two_at_once_upgrade_once(store_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        engines = [*pool.map(open_state, [store_url] * 4)]
    with engines[0].connect() as connection:
        assert connection.execute(text("select count(*) from audit_head")).scalar() == 1
    for engine in engines:
        engine.dispose()


def test_a_store_that_another_makes_at_this_moment_is_not_somebody_elses(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = versions.version_of

    def overtaken(connection: Connection) -> str | None:
        found = looked(connection)
        monkeypatch.setattr(versions, "version_of", looked)
        open_state(store_url).dispose()
        return found

    monkeypatch.setattr(versions, "version_of", overtaken)
    open_state(store_url).dispose()
    assert version_at(store_url) == versions.known_versions()[-1]


def test_a_new_store_that_another_writes_to_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    first = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    first.execute("create table somebody_elses (a integer)")  # not yet in write-ahead mode, as a file just made
    first.execute("begin immediate")
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(open_state, file)
        with pytest.raises(TimeoutError):
            opening.result(timeout=0.3)
        first.execute("commit")
        first.close()
        opening.result(timeout=30).dispose()
    assert version_at(file) == versions.known_versions()[-1]


def _is_check(constraint: object) -> bool:
    return type(constraint).__name__ == "CheckConstraint"


def _checks(engine: Engine) -> set[str]:
    inspector = inspect(engine)
    return {str(check["name"]) for table in METADATA.tables for check in inspector.get_check_constraints(table)}
