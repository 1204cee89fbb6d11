"""The warehouse makes tables whole or not at all, and says clearly what failed."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from q2c_pipeline.engine.publishing import open_published, publish
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.engine.sqlfiles import SqlFile
from q2c_pipeline.errors import SqlError, StoreError


def file(sql: str, params: str = "", table: str = "t") -> SqlFile:
    return SqlFile(f"sql/40_grid/{table}.sql", "grid", table, 40, {"params": params}, sql)


def test_parameters_are_bound_by_name_and_only_the_declared_ones() -> None:
    with Warehouse() as warehouse:
        result = warehouse.run_file(
            file("select $as_of as d, $n + 1 as n", "n as_of"), {"as_of": date(2026, 1, 31), "n": 1, "more": 0}
        )

        assert (result.name, result.rows) == ("grid.t", 1)
        assert warehouse.query("select d, n from grid.t").rows() == [(date(2026, 1, 31), 2)]


def test_a_missing_parameter_is_named() -> None:
    with Warehouse() as warehouse, pytest.raises(SqlError, match="none for n"):
        warehouse.run_file(file("select $n as n", "n"), {})


def test_a_failing_statement_leaves_the_old_table_and_carries_file_and_values() -> None:
    with Warehouse() as warehouse:
        warehouse.run_file(file("select 1 as a"), {})
        with pytest.raises(SqlError) as caught:
            warehouse.run_file(file("select 1 // $n as a", "n"), {"n": 0})

        assert "sql/40_grid/t.sql with n=0" in str(caught.value)
        assert warehouse.query("select a from grid.t").rows() == [(1,)]


def test_running_again_replaces() -> None:
    with Warehouse() as warehouse:
        for _ in range(2):
            warehouse.run_all([file("select 1 as a"), file("select a from grid.t", table="u")], {})

        assert warehouse.count("grid.u") == 1


def test_frames_are_appended_by_name_and_replaced() -> None:
    frame = pl.DataFrame({"exponent": [2], "currency": ["USD"]})
    with Warehouse() as warehouse:
        warehouse.append("policy.currency", frame)
        warehouse.replace("policy.currency", frame)

        assert warehouse.query("select currency, exponent from policy.currency").rows() == [("USD", 2)]


def test_a_file_that_another_process_writes_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    code = f"from q2c_pipeline.engine.runner import Warehouse; Warehouse({str(path)!r})"
    with Warehouse(path):
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert other.returncode != 0
    assert "nobody else is writing" in other.stderr


def test_readers_see_a_complete_copy_of_the_chosen_schemas(tmp_path: Path) -> None:
    target = tmp_path / "out" / "analytics.duckdb"
    with Warehouse(tmp_path / "work.duckdb") as warehouse:
        for value in (1, 2):
            warehouse.run_file(file(f"select {value} as a"), {})
            publish(warehouse, target)

    with open_published(target) as published:
        assert published.query("select a from grid.t").rows() == [(2,)]
        schemas = published.query("select distinct schema_name from duckdb_tables()")["schema_name"].to_list()
    assert "mapped" not in schemas
    assert [path.name for path in target.parent.iterdir()] == ["analytics.duckdb"]


def test_nothing_published_yet_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nightly"):
        open_published(tmp_path / "none.duckdb")
