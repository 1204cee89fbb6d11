"""Lets what was made anew for a part of the customers take the place of what a table holds of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.engine.parts import KEYS

if TYPE_CHECKING:
    from q2c_pipeline.engine.runner import Warehouse

BEFORE, AFTER = "part_before", "part_after"
"""Catalogs of the part's tables as last night knew its records, and as this night does."""


class DoubtError(Exception):
    """A part cannot be told from the rest, so that everything is made whole."""


class Exchange:
    """Exchanges the rows of a part, table by table; works in the attached catalog `part_seen`."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._execute = warehouse.connection.execute

    def replace(self, name: str, grain: frozenset[str]) -> frozenset[str]:
        """Put the part's new rows in the place of its old ones where the two differ, and name the columns that do.

        The table must hold just the old ones: as many, of the same keys and amounts.
        """
        columns = columns_of(self._warehouse, name)
        keys = self._keys(name, list(columns))
        if not self._find_differing(name, keys, list(columns)):
            return frozenset()
        of_key = f"semi join part_seen.key as k on {' and '.join(f'{key} = k.key_{n}' for n, key in enumerate(keys))}"
        alike = f"hash({', '.join([*keys, *(column for column, kind in columns.items() if kind.startswith('DECIMAL'))])})"
        self._execute(
            f"create or replace table part_seen.held as select t.rowid as id, {alike} as row_hash from {name} as t {of_key}"
        )
        if self._sum("part_seen.held") != self._sum(f"(select {alike} as row_hash from {BEFORE}.{name} {of_key})"):
            raise DoubtError("the table does not hold what the part gave last night")
        with self._warehouse.transaction():
            self._execute(f"delete from {name} where rowid in (select id from part_seen.held)")
            self._execute(f"insert into {name} select * from {AFTER}.{name} {of_key}")
        return self._differing_columns(name, keys, list(columns), of_key) if grain <= set(keys) else frozenset(columns)

    def add(self, name: str, sums: tuple[str, ...], before: str, after: str) -> frozenset[str]:
        """Add by how much the part's sums have grown since last night; the first sum counts rows: groups without any go."""
        columns = list(columns_of(self._warehouse, name))
        keys = ", ".join(column for column in columns if column not in sums)
        grown = ", ".join(f"sum({column} * side) as {column}" for column in sums)
        differs = " or ".join(f"sum({column} * side) <> 0" for column in sums)
        self._execute(
            f"create or replace table part_seen.grown as select {keys}, {grown} "
            f"from (select *, -1 as side from {before}.{name} union all by name select *, 1 as side from {after}.{name}) "
            f"group by {keys} having {differs}"
        )
        if not self._warehouse.count("part_seen.grown"):
            return frozenset()
        total = ", ".join(f"sum({column}) as {column}" for column in sums)
        self._execute(
            f"create or replace table part_seen.total as select {keys}, {total} "
            f"from (from {name} union all by name from part_seen.grown) group by {keys} having sum({sums[0]}) <> 0"
        )
        if self._warehouse.count(f"part_seen.total where {sums[0]} < 0"):
            raise DoubtError("the table does not hold what the part gave last night")
        with self._warehouse.transaction():
            self._execute(f"delete from {name}")
            self._execute(f"insert into {name} by name from part_seen.total")
        return frozenset(columns)

    def _differing_columns(self, name: str, keys: tuple[str, ...], columns: list[str], of_key: str) -> frozenset[str]:
        """Of rows that stand alone for their key: columns in which old and new ones differ, all if any came or went."""
        sums = ", ".join(f"coalesce(sum(hash({', '.join(keys)}, {column})::hugeint), 0)" for column in columns)
        before, after = (
            self._execute(f"select {sums}, count(*) from {catalog}.{name} {of_key}").fetchall()[0] for catalog in (BEFORE, AFTER)
        )
        if before[-1] != after[-1]:
            return frozenset(columns)
        return frozenset(column for column, old, new in zip(columns, before, after, strict=False) if old != new)

    def _find_differing(self, name: str, keys: tuple[str, ...], columns: list[str]) -> bool:
        """Fill `part_seen.key` with the keys of rows that only one of the part's two tables has; False where there are none."""
        named = ", ".join(f"{key} as key_{number}" for number, key in enumerate(keys))
        sides = " union all ".join(
            f"select {named}, hash({', '.join(columns)}) as row_hash, {side} as side from {catalog}.{name}"
            for catalog, side in ((BEFORE, -1), (AFTER, 1))
        )
        numbered = ", ".join(f"key_{number}" for number in range(len(keys)))
        self._execute(
            f"create or replace table part_seen.key as select distinct {numbered} from "
            f"(select {numbered} from ({sides}) group by {numbered}, row_hash having sum(side) <> 0)"
        )
        has_null = " or ".join(f"key_{number} is null" for number in range(len(keys)))
        found, unnamed = self._execute(f"select count(*), count(*) filter (where {has_null}) from part_seen.key").fetchall()[0]
        if unnamed:
            raise DoubtError("rows without a key differ")
        return bool(found)

    def _keys(self, name: str, columns: list[str]) -> tuple[str, ...]:
        """Expressions that are filled in the part's rows and have no value in two parts: the ids of what a row is of."""
        if name in KEYS:
            return KEYS[name]
        if {"instance", "source_id"} <= set(columns):
            return "instance", "source_id"
        keys = [column for column in columns if column.endswith("_key")]
        if not keys:
            raise DoubtError("no column names what its rows are of")
        sides = f"(select {keys[0]} from {BEFORE}.{name} union all select {keys[0]} from {AFTER}.{name})"
        return (f"coalesce({', '.join(keys)})" if self._warehouse.count(f"{sides} where {keys[0]} is null") else keys[0],)

    def _sum(self, rows: str) -> tuple[int, int]:
        return sum_of_hashes(self._warehouse, rows)


def columns_of(warehouse: Warehouse, name: str) -> dict[str, str]:
    """Columns of a table with their types, in order."""
    rows = warehouse.connection.execute(f"select column_name, column_type from (describe {name})").fetchall()
    return {str(column): str(kind) for column, kind in rows}


def sum_of_hashes(warehouse: Warehouse, rows: str) -> tuple[int, int]:
    """Number of rows and sum of their `row_hash`: equal for the same rows in any order."""
    found = warehouse.connection.execute(f"select count(*), coalesce(sum(row_hash::hugeint), 0) from {rows}").fetchall()[0]
    return int(found[0]), int(found[1])
