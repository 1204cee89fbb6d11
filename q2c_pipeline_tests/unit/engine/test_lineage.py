"""Column lineage: through names, expressions, common table expressions, unions and joins, down to stored columns."""

from __future__ import annotations

from pathlib import Path

from q2c_pipeline.engine.controls import with_generated
from q2c_pipeline.engine.lineage import Columns, column_lineage, remembered_lineage
from q2c_pipeline.engine.sqlfiles import SqlFile, load
from q2c_pipeline.schemas.tables import TABLES

COLUMNS: Columns = {"canonical.a": ("id", "net", "tax"), "canonical.b": ("id", "net")}


def lineage(sql: str) -> dict[str, list[tuple[str, str]]]:
    """The lineage of a statement that makes a table."""
    found = column_lineage(SqlFile("x.sql", "grid", "x", 40, {}, sql), COLUMNS)
    return {name: list(sources) for name, sources in found.items()}


def test_an_expression_comes_from_all_that_it_reads() -> None:
    assert lineage("select id as key, net + tax as total from canonical.a") == {
        "key": [("canonical.a", "id")],
        "total": [("canonical.a", "net"), ("canonical.a", "tax")],
    }


def test_columns_without_a_prefix_are_found_in_their_table() -> None:
    sql = "select tax, b.net as other from canonical.a inner join canonical.b as b on a.id = b.id"
    assert lineage(sql) == {"tax": [("canonical.a", "tax")], "other": [("canonical.b", "net")]}


def test_common_table_expressions_and_unions_are_looked_through() -> None:
    sql = (
        "with every as (select id, net from canonical.a union all select id, net from canonical.b), "
        "summed as (select id, sum(net) as net from every group by id) select id, net from summed"
    )
    assert lineage(sql)["net"] == [("canonical.a", "net"), ("canonical.b", "net")]


def test_a_constant_comes_from_nowhere() -> None:
    assert lineage("select 'BB' as leg from canonical.a") == {"leg": []}


def test_what_cannot_be_followed_has_no_lineage() -> None:
    assert lineage("select nobody.knows as x from canonical.a") in ({}, {"x": []})


def test_every_file_of_the_project_can_be_followed() -> None:
    files = with_generated(load())
    outside: dict[str, tuple[str, ...]] = {f"mapped.{table.name}": tuple(table.fields) for table in TABLES.values()}
    policy = {
        "policy.entity": ("legal_entity_code", "currency", "country_code"),
        "policy.instance": ("instance", "platform", "role"),
        "policy.currency": ("currency", "exponent"),
    }
    columns = outside | policy | {file.name: file.columns for file in files}
    followed = {f.name: column_lineage(f, columns) for f in files if not any(u.startswith("landing.") for u in f.upstreams)}
    assert [name for name, found in followed.items() if not found] == []
    assert ("canonical.invoice_line", "net_amount") in followed["link.invoice_line"]["net_amount"]


def test_lineage_is_followed_once_and_again_when_file_or_upstream_changes(tmp_path: Path) -> None:
    def remembered(sql: str, columns: Columns) -> object:
        return remembered_lineage(tmp_path, SqlFile("x.sql", "grid", "x", 40, {}, sql), columns)

    sql, columns = "select a.n as m from s.a as a", {"s.a": ("n",)}
    first = remembered(sql, columns)
    assert remembered(sql, columns) == first == {"m": [("s.a", "n")]}
    assert len(list(tmp_path.iterdir())) == 1
    remembered(sql, {"s.a": ("n", "o")})
    remembered(sql.replace("m from", "k from"), columns)
    assert len(list(tmp_path.iterdir())) == 3
