"""The part of a night twice: its records and the tables made of them as last night knew them, and as this night does."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from q2c_pipeline.engine.exchange import AFTER, BEFORE, DoubtError, columns_of
from q2c_pipeline.engine.parts import BY_LINE, GROWING, SEEN_BY_LINE, SUMS, TURNS, WITHIN
from q2c_pipeline.engine.runner import Warehouse, bind
from q2c_pipeline.engine.touched import FACTS, Touched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from q2c_pipeline.engine.sqlfiles import SqlFile

LARGEST_PART = 0.25
"""Where more of any table is touched, a whole run is cheaper."""
_NEW = ("batch_id in (select batch_id from part_seen.new_batch)", "as_of > $since")
_NIGHTLY = ("landing", "mapped")
"""Schemas that other steps fill each night; of the last, only the tables of business records are split."""
_SEEN = "part_seen"
_LINE = {BEFORE: "line_before", AFTER: "line_after"}
"""Catalogs in which tables that look by contract line are made."""
SUM = {BEFORE: "sum_before", AFTER: "sum_after"}
"""Catalogs in which the part's share of sums is made; who reads sums reads those of all customers."""
_CATALOGS = (_SEEN, *_LINE, *_LINE.values(), *SUM.values())


class Worlds:
    """What the split files are run over: attached catalogs, last night's tables complete, this night's made file by file."""

    def __init__(self, warehouse: Warehouse, work: str, split: Sequence[SqlFile]) -> None:
        self._warehouse, self._work, self._split = warehouse, work, split
        self._execute = warehouse.connection.execute
        self._has_others = False
        self._names = {file.name for file in split if file.name not in SUMS}

    @cached_property
    def shared(self) -> dict[str, set[str]]:
        """Tables that are not split but read by split files, with the column names that these mention."""
        shared: dict[str, set[str]] = {}
        for file in self._split:
            mentioned = {column.name for column in file.tree.find_all(exp.Column)}
            for name in file.upstreams:
                if name not in self._names and name.removeprefix("mapped.") not in FACTS:
                    shared.setdefault(name, set()).update(mentioned)
        return shared

    def open(self, since: date, params: Mapping[str, Any]) -> None:
        """Find the records of the part and make last night's tables of them; doubt where they are too many."""
        if strange := sorted(name for name in self.shared if name.split(".")[0] in _NIGHTLY):
            raise DoubtError(f"a part of {strange[0]} cannot be told")
        for catalog in _CATALOGS:
            self._execute(f"attach ':memory:' as {catalog}")
        self._execute(
            "create table part_seen.new_batch as select batch_id from landing.batch except select batch_id from night.batch"
        )
        self._touch(since, params)
        self._lay_out(AFTER, self._work, "rowid in (select id from part_seen.hit_{table})")
        self._lay_out(BEFORE, AFTER, f"not ({' or '.join(_NEW)})", {"since": since})
        self._remember_shared()
        self._connections = {catalog: self._using(catalog) for catalog in _CATALOGS}
        for file in self._split:
            if file.name in BY_LINE and not self._has_others:
                self._remember_by_line()
            self.make(BEFORE, file, {**params, "as_of": since})

    def close(self) -> None:
        """Let go of all that was made here."""
        for catalog in _CATALOGS:
            self._execute(f"detach database if exists {catalog}")

    def unchanged(self) -> set[str]:
        """Tables of records of which nothing new came for the part."""
        count = self._warehouse.count
        return {f"mapped.{one}" for one in FACTS if count(f"{BEFORE}.mapped.{one}") == count(f"{AFTER}.mapped.{one}")}

    def make(self, catalog: str, file: SqlFile, params: Mapping[str, Any]) -> None:
        """Make the part's rows of a table; what goes wrong there is left to the whole run, which says more."""
        place = _place(catalog, file.name)
        if place != catalog:
            self._look_from(place, catalog, file)
        try:
            made = f'create or replace table "{file.schema}"."{file.table}" as {file.sql}'
            self._connections[place].execute(made, bind(file, params))
        except duckdb.Error as error:
            raise DoubtError(f"{file.name}: {error}") from error
        if file.name in BY_LINE:
            self._execute(f"create view {catalog}.{file.name} as from {place}.{file.name}")

    def keep(self, file: SqlFile) -> None:
        """Let this night's rows of the part be last night's."""
        places = {(_place(BEFORE, file.name), _place(AFTER, file.name)), *([] if file.name in SUMS else [(BEFORE, AFTER)])}
        for old, new in places:
            self._add_schemas(new, (file.name,))
            self._execute(f"create or replace view {new}.{file.name} as from {old}.{file.name}")

    # records

    def _touch(self, since: date, params: Mapping[str, Any]) -> None:
        """Find every record that belongs together with a new one, or that the days since then turn."""
        touched = Touched(self._warehouse.connection, self._work)
        for table in FACTS:
            touched.add_rows(table, _NEW, {"since": since})
        for turn in TURNS:
            named = {"since": since + timedelta(days=1), "until": params["as_of"]}
            touched.add(turn, {name: value for name, value in named.items() if f"${name}" in turn})
        touched.follow()
        shares = {table: touched.share(table) for table in FACTS}
        largest = max(FACTS, key=shares.__getitem__)
        if shares[largest] > LARGEST_PART:
            raise DoubtError(f"{shares[largest]:.0%} of {largest} are touched")

    def _lay_out(self, catalog: str, source: str, where: str, params: Mapping[str, Any] | None = None) -> None:
        """The touched records that `where` chooses of those in `source`, and a view of all else that the split files read."""
        self._add_schemas(catalog, (name for file in self._split for name in (file.name, *file.upstreams)))
        for table in FACTS:
            columns = ", ".join(self._read_of(f"mapped.{table}"))
            rows = f"select {columns} from {source}.mapped.{table} where {where.format(table=table)}"
            self._execute(f"create table {catalog}.mapped.{table} as {rows}", dict(params or {}))
        for name in sorted(self.shared):
            self._execute(f"create view {catalog}.{name} as from {self._work}.{name}")

    def _read_of(self, name: str) -> list[str]:
        """Columns of a table that a split file names."""
        read = (file.names for file in self._split if name in file.upstreams)
        named = {"instance", "source_id", "batch_id", "as_of"}.union(*read)
        return [column for column in columns_of(self._warehouse, name) if column in named]

    def _add_schemas(self, catalog: str, names: Iterable[str]) -> None:
        for schema in sorted({name.partition(".")[0] for name in names}):
            self._execute(f"create schema if not exists {catalog}.{schema}")

    def _using(self, catalog: str) -> duckdb.DuckDBPyConnection:
        connection = self._warehouse.connection.cursor()
        connection.execute(f"use {catalog}")
        return connection

    # tables that look by contract line

    def _remember_by_line(self) -> None:
        """Keep the rows that files see besides the part's where they look by contract line: all are as last night left them."""
        self._has_others = True
        files = [file for file in self._split if file.name in BY_LINE]
        self._execute(
            "create table part_seen.line_key as select value from part_seen.node where kind = 'line_key' "
            f"union select claimed_contract_line_key from {self._work}.link.quarantined_line "
            "where claimed_contract_line_key is not null"
        )
        for name in sorted({one for file in files for one in file.upstreams if one in SEEN_BY_LINE}):
            named = frozenset[str]().union(*(file.names for file in files if name in file.upstreams))
            columns = ", ".join(column for column in columns_of(self._warehouse, name) if column in named)
            own = f"anti join {BEFORE}.{name} as own using ({', '.join(SEEN_BY_LINE[name].key)})"
            rows = " union all ".join(
                f"select {columns} from {self._work}.{name} where {which}" for which in SEEN_BY_LINE[name].adds
            )
            self._execute(f'create table part_seen."others of {name}" as select {columns} from ({rows}) {own}')

    def _look_from(self, place: str, catalog: str, file: SqlFile) -> None:
        """Lay out what the file reads: the part's tables, of some of them other rows where it looks by contract line."""
        self._add_schemas(place, (file.name, *file.upstreams))
        for name in (one for one in file.upstreams if _place(catalog, one) != place):
            seen = f"from {catalog}.{name}"
            if name in SEEN_BY_LINE and file.name in BY_LINE:
                more = f'part_seen."others of {name}"'
                columns = ", ".join(columns_of(self._warehouse, more))
                seen = f"select {columns} from {catalog}.{name} where {SEEN_BY_LINE[name].sees} union all by name from {more}"
            self._execute(f"create or replace view {place}.{name} as {seen}")

    # tables that are not split

    def _remember_shared(self) -> None:
        """Keep what the split files see of shared tables: they may not change for customers outside the part."""
        for name, mentioned in self.shared.items():
            columns = ", ".join(column for column in columns_of(self._warehouse, name) if column in mentioned) or "1 as one"
            self._execute(f'create table part_seen."{name}" as select {columns} from {name}')

    def refuse_other_months(self, name: str) -> None:
        """Doubt where a day that tables are cut off at moved into another month: that turns every customer's balances."""
        columns = columns_of(self._warehouse, f'part_seen."{name}"')
        months = ", ".join(f"date_trunc('month', {column}) as {column}" for column in columns)
        before, now = (f"(select {months} from {table})" for table in (f'part_seen."{name}"', name))
        if self._warehouse.count(f"(from {before} except from {now})"):
            raise DoubtError("read up to another month")

    def refuse_shared_change(self, name: str) -> None:
        """Doubt where a change of a shared table reaches customers outside the part."""
        seen = f'part_seen."{name}"'
        columns = ", ".join(columns_of(self._warehouse, seen))
        now = f"(select {columns} from {name})"
        gone, come = f"(from {seen} except all from {now})", f"(from {now} except all from {seen})"
        differing = gone if name in GROWING else f"({gone} union all {come})"
        kind, keys = WITHIN.get(name, ("", ()))
        known = f"(select instance || ':' || value from part_seen.node where kind = '{kind}')"
        strange = " or ".join(f"({key}) is null or ({key}) not in {known}" for key in keys)
        outside = f"{differing} as d where {strange or 'true'}"
        if self._warehouse.count(outside):
            raise DoubtError("it changed for other customers too")


def _place(catalog: str, name: str) -> str:
    """The catalog in which a table of the part is made."""
    if name in SUMS:
        return SUM[catalog]
    return _LINE[catalog] if name in BY_LINE else catalog
