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
from q2c_pipeline.engine.exchange import AFTER, BEFORE, DoubtError, Exchange, columns_of, sum_of_hashes
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
_CATALOGS = ("part_seen", BEFORE, AFTER)


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
        self._differing: dict[str, frozenset[str]] = {}
        """Columns in which tables that were made in part differ from last night."""
        self._existing = {str(name) for (name,) in self._execute(_TABLES).fetchall()}
        self.doubt: str | None = None
        """Why tables are made whole; None while a part is enough."""
        self._fingerprint = self._fingerprint_now()
        try:
            self._prepare(full=full)
        except DoubtError as doubt:
            self._become_whole(str(doubt))
        # Until all tables are made, they are of two nights.
        self._execute("drop schema if exists night cascade")

    def run(self, file: SqlFile) -> RunResult:
        """Make the file's table."""
        start = time.perf_counter()
        try:
            rows = self._run(file)
        except DoubtError as doubt:
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
            raise DoubtError("no complete night before")
        as_of, fingerprint = self._execute("select as_of, fingerprint from night.last").fetchall()[0]
        if fingerprint != self._fingerprint:
            raise DoubtError("SQL, policy or DuckDB changed")
        today: date = self._params["as_of"]
        if as_of > today:
            raise DoubtError("an earlier day than the last night's")
        day = timedelta(days=1)
        if any(_month(one) != _month(other) for one, other in ((as_of, today), (as_of + day, today + day))):
            raise DoubtError("a new month")
        return date(as_of.year, as_of.month, as_of.day)

    # the part

    def _prepare(self, *, full: bool) -> None:
        if full:
            raise DoubtError("asked for")
        if self._warehouse.count("policy.summary_convention"):
            raise DoubtError("a ledger posts summary journals: all documents of a day belong together")
        since = self._last_night()
        if strange := sorted(name for name in self._shared if name.split(".")[0] in _NIGHTLY):
            raise DoubtError(f"a part of {strange[0]} cannot be told")
        for catalog in _CATALOGS:
            self._execute(f"attach ':memory:' as {catalog}")
        self._execute(
            "create table part_seen.new_batch as select batch_id from landing.batch except select batch_id from night.batch"
        )
        self._touch(since)
        self._lay_out(AFTER, self._work, "rowid in (select id from part_seen.hit_{table})")
        self._lay_out(BEFORE, AFTER, f"not {_NEW}", {"since": since})
        for table in FACTS:
            if self._warehouse.count(f"{BEFORE}.mapped.{table}") == self._warehouse.count(f"{AFTER}.mapped.{table}"):
                self._same.add(f"mapped.{table}")
        self._remember_shared()
        before = self._warehouse.connection.cursor()
        before.execute(f"use {BEFORE}")
        self._after = self._warehouse.connection.cursor()
        self._after.execute(f"use {AFTER}")
        for file in (one for one in self._files if one.name in self._split):
            _make(before, file, {**self._params, "as_of": since})

    def _touch(self, since: date) -> None:
        """Find every record that belongs together with a new one, or that the days since then turn."""
        touched = Touched(self._warehouse.connection, self._work)
        for table in FACTS:
            touched.add_rows(table, _NEW, {"since": since})
        for turn in TURNS:
            named = {"since": since + timedelta(days=1), "until": self._params["as_of"]}
            touched.add(turn, {name: value for name, value in named.items() if f"${name}" in turn})
        touched.follow()
        shares = {table: touched.share(table) for table in FACTS}
        largest = max(FACTS, key=shares.__getitem__)
        if shares[largest] > LARGEST_PART:
            raise DoubtError(f"{shares[largest]:.0%} of {largest} are touched")

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
            columns = ", ".join(column for column in columns_of(self._warehouse, name) if column in mentioned) or "1 as one"
            self._execute(f'create table part_seen."{name}" as select {columns} from {name}')

    # making tables

    def _run_part(self, file: SqlFile) -> int:
        """Make the part's rows, unless all they are made from is the same, and exchange those that differ."""
        if self._reads_the_same(file):
            self._execute(f"create view {AFTER}.{file.name} as from {BEFORE}.{file.name}")
            self._same.add(file.name)
        else:
            _make(self._after, file, self._params)
            self._differing[file.name] = Exchange(self._warehouse).replace(file.name, _grain(file))
        return self._warehouse.count(file.name)

    def _reads_the_same(self, file: SqlFile) -> bool:
        """Whether nothing that the file reads differs from last night; of tables that were exchanged, the columns it names."""
        if "as_of" in file.params:
            return False
        return all(
            name in self._same
            or name.startswith("policy.")
            or (name in self._differing and not self._differing[name] & _names(file))
            for name in file.upstreams
        )

    def _run_whole(self, file: SqlFile) -> int:
        """Make the table whole, unless all it reads is the same; what split files read may change in the part only."""
        if self._reads_the_same(file) and file.name in self._existing:
            self._same.add(file.name)
            return self._warehouse.count(file.name)
        held = self._signature(file.name) if file.name in self._existing and self._is_small(file.name) else None
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
        columns = columns_of(self._warehouse, f'part_seen."{name}"')
        months = ", ".join(f"date_trunc('month', {column}) as {column}" for column in columns)
        before, now = (f"(select {months} from {table})" for table in (f'part_seen."{name}"', name))
        if self._warehouse.count(f"(from {before} except from {now})"):
            raise DoubtError("read up to another month")

    def _refuse_shared_change(self, name: str) -> None:
        """Doubt where a change of a shared table reaches customers outside the part."""
        seen = f'part_seen."{name}"'
        columns = ", ".join(columns_of(self._warehouse, seen))
        now = f"(select {columns} from {name})"
        differing = f"((from {seen} except all from {now}) union all (from {now} except all from {seen}))"
        known = "(select instance || ':' || value from part_seen.node where kind = 'account')"
        strange = " or ".join(f"{key} is null or {key} not in {known}" for key in WITHIN_ACCOUNT.get(name, ()))
        outside = f"{differing} as d where {strange or 'true'}"
        if self._warehouse.count(outside):
            raise DoubtError("it changed for other customers too")

    # small questions

    def _is_small(self, name: str) -> bool:
        return self._warehouse.count(name) <= _COMPARED_ROWS

    def _signature(self, name: str) -> tuple[int, int]:
        """Number of rows and sum of their hashes: equal for the same rows in any order."""
        return sum_of_hashes(self._warehouse, f"(select hash(t) as row_hash from {name} as t)")

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


_TABLES = "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database()"
_POLICY = "select 'policy.' || table_name from duckdb_tables() where schema_name = 'policy' and not internal order by all"


def _make(connection: duckdb.DuckDBPyConnection, file: SqlFile, params: Mapping[str, Any]) -> None:
    """Run the file over a part; what goes wrong there is left to the whole run, which says more."""
    try:
        connection.execute(f'create or replace table "{file.schema}"."{file.table}" as {file.sql}', bind(file, params))
    except duckdb.Error as error:
        raise DoubtError(f"{file.name}: {error}") from error


def _grain(file: SqlFile) -> frozenset[str]:
    """The columns that have one row a value, as the header names them; words that name no column are no harm."""
    return frozenset(word.strip() for word in file.header["grain"].split(","))


def _names(file: SqlFile) -> frozenset[str]:
    """Every name in the statement, those of columns among them."""
    return frozenset(str(identifier.this) for identifier in file.tree.find_all(exp.Identifier))


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month
