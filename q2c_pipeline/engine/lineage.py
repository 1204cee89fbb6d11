"""Which columns a table's columns come from, read from the syntax tree of its SQL file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.schema import MappingSchema

from q2c_pipeline.domain.keys import digest
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


def remembered_lineage(folder: Path, file: SqlFile, columns: Columns) -> Lineage:
    """The same, followed once for each text of the file and each shape of its upstreams, and read from `folder` afterwards."""
    shape = json.dumps({name: list(names) for name, names in columns.items()}, sort_keys=True)
    path = folder / f"{digest(version('sqlglot'), file.sql, shape)}.json"
    if path.is_file():
        raw = json.loads(path.read_text(encoding="utf-8"))
        return {name: [(table, column) for table, column in sources] for name, sources in raw.items()}
    found = column_lineage(file, columns)
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(found), encoding="utf-8")
    partial.replace(path)
    return found


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
