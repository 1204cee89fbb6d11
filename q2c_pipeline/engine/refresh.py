"""Makes a night's tables: whole, or, where few customers' records changed since the last night, only their part of each.

The same SQL files run twice over the records of those customers: as last night knew them and as this night does. What the
first run gives must be what the tables hold of these customers, row for row; it goes, and what the second run gives takes its
place. Any doubt means a whole run: other SQL or policy, a new month, changed products, a part that the tables do not hold so.
"""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from q2c_pipeline.domain.keys import digest
from q2c_pipeline.engine.parts import CLOCK, TURNS, WITHIN_ACCOUNT, split_files
from q2c_pipeline.engine.runner import RunResult, Warehouse, bind, graph
from q2c_pipeline.engine.touched import FACTS, Touched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from q2c_pipeline.engine.sqlfiles import SqlFile

LARGEST_PART = 0.25
"""Where more of any table is touched, a whole run is cheaper."""
_COMPARED_ROWS = 1_000_000
"""A table made whole is compared with what it was up to this size; a larger one counts as changed."""
_NEW = "(batch_id in (select batch_id from part_seen.new_batch) or as_of > $since)"
_NIGHTLY = ("landing", "identity", "mapped")
"""Schemas that other steps fill each night; of the last, only the tables of business records are split."""
_CATALOGS = ("part_seen", "part_before", "part_after")


class _DoubtError(Exception):
    """A part cannot be told from the rest, so that everything is made whole."""


class Refresh:
    """Makes the tables of a night one by one, each after what it reads; `run` leaves a table whole whichever way it was made."""

    def __init__(self, warehouse: Warehouse, files: Sequence[SqlFile], params: Mapping[str, Any], *, full: bool = False) -> None:
        self._warehouse, self._params, self._files = warehouse, params, graph(files)
        self._execute = warehouse.connection.execute
        self._work = str(self._execute("select current_database()").fetchall()[0][0])
        self._split = split_files(files)
        self._done: list[SqlFile] = []
        self._same: set[str] = set()
        """Tables that hold what they held last night."""
        self.doubt: str | None = None
        """Why tables are made whole; None while a part is enough."""
        self._fingerprint = self._fingerprint_now()
        try:
            self._prepare(full=full)
        except _DoubtError as doubt:
            self._become_whole(str(doubt))
        # Until all tables are made, they are of two nights.
        self._execute("drop schema if exists night cascade")

    def run(self, file: SqlFile) -> RunResult:
        """Make the file's table."""
        start = time.perf_counter()
        try:
            rows = self._run(file)
        except _DoubtError as doubt:
            self._become_whole(f"{file.name}: {doubt}")
            for earlier in (*self._done, file):
                rows = self._warehouse.run_file(earlier, self._params).rows
        self._done.append(file)
        if len(self._done) == len(self._files):
            self._finish()
        return RunResult(file.name, rows, time.perf_counter() - start)

    def _run(self, file: SqlFile) -> int:
        if self.doubt is not None:
            return self._warehouse.run_file(file, self._params).rows
        if file.name in self._split:
            return self._run_part(file)
        return self._run_whole(file)

    # what a whole run is told by

    def _fingerprint_now(self) -> str:
        """What the tables depend on besides records and the day."""
        params = {name: str(value) for name, value in self._params.items() if name != "as_of"}
        policy = [name for (name,) in self._execute(_POLICY).fetchall()]
        held = [[name, *map(str, self._signature(name))] for name in policy]
        texts = sorted([file.name, file.sql] for file in self._files)
        return digest(duckdb.__version__, json.dumps([texts, params, held], sort_keys=True))

    def _last_night(self) -> date:
        """The day of the last complete run; doubt where its tables cannot be built upon."""
        if not self._execute("select 1 from duckdb_tables() where schema_name = 'night' and table_name = 'last'").fetchall():
            raise _DoubtError("no complete night before")
        as_of, fingerprint = self._execute("select as_of, fingerprint from night.last").fetchall()[0]
        if fingerprint != self._fingerprint:
            raise _DoubtError("SQL, policy or DuckDB changed")
        today: date = self._params["as_of"]
        if as_of > today:
            raise _DoubtError("an earlier day than the last night's")
        day = timedelta(days=1)
        if any(_month(one) != _month(other) for one, other in ((as_of, today), (as_of + day, today + day))):
            raise _DoubtError("a new month")
        return date(as_of.year, as_of.month, as_of.day)

    # the part

    def _prepare(self, *, full: bool) -> None:
        if full:
            raise _DoubtError("asked for")
        if self._warehouse.count("policy.summary_convention"):
            raise _DoubtError("a ledger posts summary journals: all documents of a day belong together")
        since = self._last_night()
        if strange := sorted(name for name in self._shared if name.split(".")[0] in _NIGHTLY):
            raise _DoubtError(f"a part of {strange[0]} cannot be told")
        for catalog in _CATALOGS:
            self._execute(f"attach ':memory:' as {catalog}")
        self._execute(
            "create table part_seen.new_batch as select batch_id from landing.batch except select batch_id from night.batch"
        )
        self._touch(since)
        self._lay_out("part_after", self._work, "rowid in (select id from part_seen.hit_{table})")
        self._lay_out("part_before", "part_after", f"not {_NEW}", {"since": since})
        self._remember_shared()
        before = self._warehouse.connection.cursor()
        before.execute("use part_before")
        self._after = self._warehouse.connection.cursor()
        self._after.execute("use part_after")
        for file in (one for one in self._files if one.name in self._split):
            _make(before, file, {**self._params, "as_of": since})

    def _touch(self, since: date) -> None:
        """Find every record that belongs together with a new one, or that the days since then turn."""
        touched = Touched(self._warehouse.connection, self._work)
        for table in FACTS:
            select = f"select distinct '{table}' as kind, instance, source_id as value from mapped.{table} where {_NEW}"
            touched.add(select, {"since": since})
        for turn in TURNS:
            named = {"since": since + timedelta(days=1), "until": self._params["as_of"]}
            touched.add(turn, {name: value for name, value in named.items() if f"${name}" in turn})
        touched.follow()
        shares = {table: touched.share(table) for table in FACTS}
        largest = max(FACTS, key=shares.__getitem__)
        if shares[largest] > LARGEST_PART:
            raise _DoubtError(f"{shares[largest]:.0%} of {largest} are touched")

    def _lay_out(self, catalog: str, source: str, where: str, params: Mapping[str, Any] | None = None) -> None:
        """The touched records that `where` chooses of those in `source`, and a view of all else that the split files read."""
        for schema in sorted({name.partition(".")[0] for file in self._split_files() for name in (file.name, *file.upstreams)}):
            self._execute(f"create schema if not exists {catalog}.{schema}")
        for table in FACTS:
            rows = f"select * from {source}.mapped.{table} where {where.format(table=table)}"
            self._execute(f"create table {catalog}.mapped.{table} as {rows}", dict(params or {}))
        for name in sorted(self._shared):
            self._execute(f"create view {catalog}.{name} as from {self._work}.{name}")

    def _split_files(self) -> list[SqlFile]:
        return [file for file in self._files if file.name in self._split]

    @cached_property
    def _shared(self) -> dict[str, set[str]]:
        """Tables that are not split but read by split files, with the column names that these mention."""
        shared: dict[str, set[str]] = {}
        for file in self._split_files():
            mentioned = {column.name for column in file.tree.find_all(exp.Column)}
            for name in file.upstreams:
                if name not in self._split and name.removeprefix("mapped.") not in FACTS:
                    shared.setdefault(name, set()).update(mentioned)
        return shared

    def _remember_shared(self) -> None:
        """Keep what the split files see of shared tables: they may not change for customers outside the part."""
        for name, mentioned in self._shared.items():
            columns = ", ".join(column for column in self._columns(name) if column in mentioned) or "1 as one"
            self._execute(f'create table part_seen."{name}" as select {columns} from {name}')

    # making tables

    def _run_part(self, file: SqlFile) -> int:
        _make(self._after, file, self._params)
        self._swap(file.name)
        return self._warehouse.count(file.name)

    def _swap(self, name: str) -> None:
        """Let the part's new rows take the place of its old ones, where the two differ; the table must hold just the old ones."""
        before, after = f"part_before.{name}", f"part_after.{name}"
        gone, come = (f"(from {one} except all from {other})" for one, other in ((before, after), (after, before)))
        keys = self._keys(name)
        named = ", ".join(f"{key} as key_{number}" for number, key in enumerate(keys))
        self._execute(
            f"create or replace table part_seen.key as select distinct {named} from (from {gone} union all from {come})"
        )
        if not self._warehouse.count("part_seen.key"):
            self._same.add(name)
            return
        if self._warehouse.count(f"part_seen.key where {' or '.join(f'key_{n} is null' for n in range(len(keys)))}"):
            raise _DoubtError("rows without a key differ")
        of_key = f"semi join part_seen.key as k on {' and '.join(f'{key} = k.key_{n}' for n, key in enumerate(keys))}"
        row_hash = f"hash({', '.join(self._columns(name))})"
        self._execute(
            f"create or replace table part_seen.held as select t.rowid as id, {row_hash} as row_hash from {name} as t {of_key}"
        )
        if self._sum("part_seen.held") != self._sum(f"(select {row_hash} as row_hash from {before} {of_key})"):
            raise _DoubtError("the table does not hold what the part gave last night")
        with self._warehouse.transaction():
            self._execute(f"delete from {name} where rowid in (select id from part_seen.held)")
            self._execute(f"insert into {name} select * from {after} {of_key}")

    def _keys(self, name: str) -> tuple[str, ...]:
        """Expressions that are filled in the part's rows and have no value in two parts: the ids of what a row is of."""
        columns = self._columns(name)
        if {"instance", "source_id"} <= set(columns):
            return "instance", "source_id"
        keys = [column for column in columns if column.endswith("_key")]
        if not keys:
            raise _DoubtError("no column names what its rows are of")
        sides = f"(select {keys[0]} from part_before.{name} union all select {keys[0]} from part_after.{name})"
        return (f"coalesce({', '.join(keys)})" if self._warehouse.count(f"{sides} where {keys[0]} is null") else keys[0],)

    def _run_whole(self, file: SqlFile) -> int:
        """Make the table whole, unless all it reads is the same; what split files read may change in the part only."""
        is_same = all(name in self._same or name.startswith("policy.") for name in file.upstreams)
        if is_same and "as_of" not in file.params and self._exists(file.name):
            self._same.add(file.name)
            return self._warehouse.count(file.name)
        held = self._signature(file.name) if self._exists(file.name) and self._is_small(file.name) else None
        rows = self._warehouse.run_file(file, self._params).rows
        if held is not None and self._signature(file.name) == held:
            self._same.add(file.name)
        elif file.name in CLOCK:
            self._refuse_other_months(file.name)
        elif file.name in self._shared:
            self._refuse_shared_change(file.name)
        return rows

    def _refuse_other_months(self, name: str) -> None:
        """Doubt where a day that tables are cut off at moved into another month: that turns every customer's balances."""
        columns = self._columns_of_seen(name)
        months = ", ".join(f"date_trunc('month', {column}) as {column}" for column in columns)
        before, now = (f"(select {months} from {table})" for table in (f'part_seen."{name}"', name))
        if self._warehouse.count(f"(from {before} except from {now})"):
            raise _DoubtError("read up to another month")

    def _columns_of_seen(self, name: str) -> list[str]:
        return [
            str(column) for (column,) in self._execute(f"""select column_name from (describe part_seen."{name}")""").fetchall()
        ]

    def _refuse_shared_change(self, name: str) -> None:
        """Doubt where a change of a shared table reaches customers outside the part."""
        seen = f'part_seen."{name}"'
        columns = ", ".join(self._columns_of_seen(name))
        now = f"(select {columns} from {name})"
        differing = f"((from {seen} except all from {now}) union all (from {now} except all from {seen}))"
        known = "(select instance || ':' || value from part_seen.node where kind = 'account')"
        strange = " or ".join(f"{key} is null or {key} not in {known}" for key in WITHIN_ACCOUNT.get(name, ()))
        outside = f"{differing} as d where {strange or 'true'}"
        if self._warehouse.count(outside):
            raise _DoubtError("it changed for other customers too")

    # small questions

    def _columns(self, name: str) -> list[str]:
        return [str(column) for (column,) in self._execute(f"select column_name from (describe {name})").fetchall()]

    def _exists(self, name: str) -> bool:
        schema, _, table = name.partition(".")
        asked = "select 1 from duckdb_tables() where database_name = ? and schema_name = ? and table_name = ?"
        return bool(self._execute(asked, [self._work, schema, table]).fetchall())

    def _is_small(self, name: str) -> bool:
        return self._warehouse.count(name) <= _COMPARED_ROWS

    def _signature(self, name: str) -> tuple[int, int]:
        """Number of rows and sum of their hashes: equal for the same rows in any order."""
        return self._sum(f"(select hash(t) as row_hash from {name} as t)")

    def _sum(self, rows: str) -> tuple[int, int]:
        found = self._execute(f"select count(*), coalesce(sum(row_hash::hugeint), 0) from {rows}").fetchall()[0]
        return int(found[0]), int(found[1])

    # the ends

    def _become_whole(self, doubt: str) -> None:
        self.doubt = doubt
        self._detach()

    def _finish(self) -> None:
        """Note what the tables hold, so that the next night can build upon it."""
        self._execute("create schema night")
        self._execute(
            "create table night.last as select $as_of::date as as_of, $fingerprint as fingerprint",
            {"as_of": self._params["as_of"], "fingerprint": self._fingerprint},
        )
        self._execute("create table night.batch as select batch_id from landing.batch")
        self._detach()

    def _detach(self) -> None:
        for catalog in _CATALOGS:
            self._execute(f"detach database if exists {catalog}")


_POLICY = "select 'policy.' || table_name from duckdb_tables() where schema_name = 'policy' and not internal order by all"


def _make(connection: duckdb.DuckDBPyConnection, file: SqlFile, params: Mapping[str, Any]) -> None:
    """Run the file over a part; what goes wrong there is left to the whole run, which says more."""
    try:
        connection.execute(f'create or replace table "{file.schema}"."{file.table}" as {file.sql}', bind(file, params))
    except duckdb.Error as error:
        raise _DoubtError(f"{file.name}: {error}") from error


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month
