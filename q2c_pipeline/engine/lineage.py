"""Which columns a table's columns come from, read from the syntax tree of its SQL file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.schema import MappingSchema

from q2c_pipeline.engine.sqlfiles import SqlFile

Columns = Mapping[str, Sequence[str]]
"""Qualified table name -> names of its columns."""
Lineage = Mapping[str, Sequence[tuple[str, str]]]
"""Column -> (table, column) pairs that its value is made of; those that only filter or join are not among them."""


def column_lineage(file: SqlFile, columns: Columns) -> Lineage:
    """Where each column of the file's table comes from; `columns` describes the tables that the file reads.

    Empty when the optimizer cannot follow the statement: lineage is a picture, and a night does not fail for a picture.
    """
    schema = MappingSchema(dialect="duckdb", normalize=False)
    for name in file.upstreams:
        schema.add_table(exp.to_table(name), dict.fromkeys(columns.get(name, ()), "varchar"))
    try:
        nodes = lineage(None, file.tree, schema, dialect="duckdb", trim_selects=False)
    except SqlglotError:
        return {}
    return {name: sorted(set(_sources(node))) for name, node in nodes.items()}


def _sources(node: Node) -> Iterator[tuple[str, str]]:
    """The stored columns below a node; nodes are shared between branches, so each is looked at once."""
    seen, rest = {id(node)}, [node]
    while rest:
        step = rest.pop()
        if isinstance(step.expression, exp.Table) and step.expression.db:
            yield f"{step.expression.db}.{step.expression.name}", exp.to_column(step.name).name
        new = [below for below in step.downstream if id(below) not in seen]
        seen.update(map(id, new))
        rest += new
