"""Which columns a table's columns come from, read from the syntax tree of its SQL file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import MappingSchema

from q2c_pipeline.engine.sqlfiles import SqlFile

Columns = Mapping[str, Sequence[str]]
"""Qualified table name -> names of its columns."""
Lineage = Mapping[str, Sequence[tuple[str, str]]]
"""Column -> (table, column) pairs that its value is made of; those that only filter or join are not among them."""


def column_lineage(file: SqlFile, columns: Columns) -> Lineage:
    """Where each column of the file's table comes from; `columns` describes the tables that the file reads."""
    schema = MappingSchema(dialect="duckdb", normalize=False)
    for name in file.upstreams:
        schema.add_table(exp.to_table(name), dict.fromkeys(columns.get(name, ()), "varchar"))
    tree = qualify(file.tree.copy(), schema=schema, dialect="duckdb", quote_identifiers=False, validate_qualify_columns=False)
    scope = build_scope(tree)
    if scope is None:
        return {}
    return {
        name: sorted(set(_sources(lineage(name, tree, schema=schema, dialect="duckdb", scope=scope, copy=False))))
        for name in file.columns
    }


def _sources(node: Node) -> Iterator[tuple[str, str]]:
    for step in node.walk():
        table = step.expression
        if isinstance(table, exp.Table) and table.db:
            yield f"{table.db}.{table.name}", exp.to_column(step.name).name
