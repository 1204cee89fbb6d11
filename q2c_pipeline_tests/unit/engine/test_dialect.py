"""What a SQL file may hold, and that every committed one keeps to it."""

from __future__ import annotations

import pytest

from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.engine.dialect import check, problems
from q2c_pipeline.engine.sqlfiles import SqlFile, load_analyst, load_assertions
from q2c_pipeline.errors import SqlError

FILES = load_sql_files()


def file(sql: str, order: int = 40) -> SqlFile:
    return SqlFile("sql/40_grid/a.sql", "grid", "a", order, {}, sql)


@pytest.mark.parametrize("committed", [*FILES, *load_analyst(), *load_assertions()], ids=lambda f: f.name)
def test_every_committed_file_keeps_to_the_subset(committed: SqlFile) -> None:
    assert list(problems(committed, FILES)) == []


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select * from link.a", "select *"),
        ("select a.* from link.a", "select *"),
        ("select now() as a", "now()"),
        ("select current_date as a", "current"),
        ("select random() as a", "rand"),
        ("select cast(a as double) as a from link.a", "DOUBLE"),
        ("select 1e3 as a", "literal 1e3"),
        ("select a / b as c from link.a", "division"),
        ("select avg(a) as a from link.a", "avg"),
        ("select a[1:2] as a from link.a", "slice"),
        ("select any_value(a) as a from link.a", "any_value"),
        ("select x.a from link.a as x asof join link.b as y on x.t >= y.t", "asof"),
        ("select i from range(3) as t(i)", "table function"),
        ("select date '2026-01-01' + to_months(1) as a", "to_months"),
        ("select case a when 0 then round(b, 0) else round(b, 2) end as c from link.a", "rounded"),
        ("insert into link.a values (1)", "insert"),
    ],
)
def test_what_is_refused(sql: str, found: str) -> None:
    assert any(found.lower() in problem.lower() for problem, _ in problems(file(sql)))


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) as a from link.a",
        "select a // 2 as a, a % 2 as b from link.a",
        "select cast(date_trunc('month', d) as date) as d from link.a",
        "select case a when 0 then cast(round(b, 0) as decimal(9, 4)) else cast(round(b, 2) as decimal(9, 4)) end as c",
    ],
)
def test_what_is_allowed(sql: str) -> None:
    assert list(problems(file(sql))) == []


def test_a_file_may_not_read_from_a_later_folder() -> None:
    later = SqlFile("sql/60_recon/z.sql", "recon", "z", 60, {}, "select 1 as a")
    reader = file("select a from recon.z")

    with pytest.raises(SqlError, match="later folder"):
        check(reader, [later, reader])


def test_a_table_that_nothing_makes_is_named() -> None:
    reader = file("select a from link.nowhere")

    with pytest.raises(SqlError, match=r"link\.nowhere"):
        check(reader, [reader])
