"""Warehouses of tests: one DuckDB for the process, and a table is made once from the same statement, values and rows."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from q2c_pipeline.engine.runner import Warehouse, bind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from q2c_pipeline.engine.sqlfiles import SqlFile

ENOUGH = 2_000
"""So many tables are kept: a small one takes about 200 KB."""
Digest = int
"""Of columns and rows in their order: the same rows in another order are made anew."""


class Kept(NamedTuple):
    """A table made before: where it is kept, and what it holds."""

    name: str
    digest: Digest


_KEPT: OrderedDict[tuple[Any, ...], Kept] = OrderedDict()
_NUMBERS = count(1)


@cache
def _process() -> duckdb.DuckDBPyConnection:
    """The DuckDB of this process; one thread each, so that rows come in the same order every time."""
    return Warehouse(threads=1).connection


class SharedWarehouse(Warehouse):
    """An empty warehouse in the process's DuckDB, closed to all others; `make_all` is its quick way to all tables."""

    def __init__(self) -> None:
        self.path = f"world_{next(_NUMBERS)}"
        self.connection = _process().cursor()
        self.connection.execute(f"attach ':memory:' as {self.path}")
        self.connection.execute(f"use {self.path}")
        self._prepare()

    def close(self) -> None:
        """Forget the tables; what was kept stays."""
        self.connection.execute("use memory")
        self.connection.execute(f"detach {self.path}")
        super().close()

    def make_all(self, files: Sequence[SqlFile], params: Mapping[str, Any]) -> None:
        """What `run_file` does to each of the files, with copies of tables that were made from the same before."""
        digests: dict[str, Digest] = {}
        for file in files:
            for name in file.upstreams:
                digests[name] = digests[name] if name in digests else self._digest(name)
            key = (file.sql, *bind(file, params).values(), *(digests[name] for name in file.upstreams))
            digests[file.name] = self._copy(file, key) if key in _KEPT else self._make(file, params, key)

    def _copy(self, file: SqlFile, key: tuple[Any, ...]) -> Digest:
        _KEPT.move_to_end(key)
        self.connection.execute(f'create schema if not exists "{file.schema}"')
        self.connection.execute(f"create table {file.name} as from {_KEPT[key].name}")
        return _KEPT[key].digest

    def _make(self, file: SqlFile, params: Mapping[str, Any], key: tuple[Any, ...]) -> Digest:
        self.run_file(file, params)
        kept = Kept(f"memory.main.kept_{next(_NUMBERS)}", self._digest(file.name))
        self.connection.execute(f"create table {kept.name} as from {file.name}")
        _KEPT[key] = kept
        if len(_KEPT) > ENOUGH:
            self.connection.execute(f"drop table {_KEPT.popitem(last=False)[1].name}")
        return kept.digest

    def _digest(self, name: str) -> Digest:
        found = self.connection.execute(f"from {name}")
        columns = tuple((column[0], str(column[1])) for column in found.description or ())
        return hash((columns, tuple(map(repr, found.fetchall()))))
