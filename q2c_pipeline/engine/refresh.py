"""Makes a night's tables: whole, or, where few customers' records changed since the last night, only their part of each.

The same SQL files run twice over the records of those customers: as last night knew them and as this night does. What the
first run gives must be what the tables hold of these customers, row for row; it goes, and what the second run gives takes its
place. Any doubt means a whole run: other SQL or policy, a new month, changed products, a part that the tables do not hold so.
"""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from q2c_pipeline.domain.keys import digest
from q2c_pipeline.engine.exchange import AFTER, BEFORE, DoubtError, Exchange, sum_of_hashes
from q2c_pipeline.engine.parts import CLOCK, SUMS, split_files
from q2c_pipeline.engine.runner import RunResult, Warehouse, graph
from q2c_pipeline.engine.worlds import SUM, Worlds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from q2c_pipeline.engine.sqlfiles import SqlFile


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
        self._given: dict[str, tuple[int, int]] = {}
        """What the tables held last night that another step fills after the first files of this one."""
        self._existing = {str(name) for (name,) in self._execute(_TABLES).fetchall()}
        self._worlds = Worlds(warehouse, self._work, [file for file in self._files if file.name in self._split])
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
        for name in (one for one in file.upstreams if one in self._given):
            self._check_given(name)
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
        self._worlds.open(since, self._params)
        self._same |= self._worlds.unchanged()
        self._given = {name: self._signature(name) for name in self._existing if name.startswith("identity.")}

    # making tables

    def _run_part(self, file: SqlFile) -> int:
        """Make the part's rows, unless all they are made from is the same, and exchange those that differ."""
        if self._reads_the_same(file):
            self._worlds.keep(file)
            self._same.add(file.name)
            return self._warehouse.count(file.name)
        self._worlds.make(AFTER, file, self._params)
        exchange = Exchange(self._warehouse)
        if file.name in SUMS:
            self._differing[file.name] = exchange.add(file.name, SUMS[file.name], SUM[BEFORE], SUM[AFTER])
            self._check_shared(file.name)
        else:
            self._differing[file.name] = exchange.replace(file.name, _grain(file))
        return self._warehouse.count(file.name)

    def _reads_the_same(self, file: SqlFile) -> bool:
        """Whether nothing that the file reads differs from last night; of tables that were exchanged, the columns it names."""
        if "as_of" in file.params:
            return False
        return all(
            name in self._same
            or name.startswith("policy.")
            or (name in self._differing and not self._differing[name] & file.names)
            for name in file.upstreams
        )

    def _run_whole(self, file: SqlFile) -> int:
        """Make the table whole, unless all it reads is the same; what split files read may change in the part only."""
        if self._reads_the_same(file) and file.name in self._existing:
            self._same.add(file.name)
            return self._warehouse.count(file.name)
        held = self._signature(file.name) if file.name in self._existing else None
        rows = self._warehouse.run_file(file, self._params).rows
        if held is not None and held[0] == rows and (not rows or self._signature(file.name) == held):
            self._same.add(file.name)
        else:
            self._check_shared(file.name)
        return rows

    def _check_given(self, name: str) -> None:
        """See whether what another step filled between the files is what it was last night."""
        if self._given.pop(name) == self._signature(name):
            self._same.add(name)
        else:
            self._check_shared(name)

    def _check_shared(self, name: str) -> None:
        """Doubt where a table that split files read whole changed in a way that reaches customers outside the part."""
        if name in CLOCK:
            self._worlds.refuse_other_months(name)
        elif name in self._worlds.shared:
            self._worlds.refuse_shared_change(name)

    # small questions

    def _signature(self, name: str) -> tuple[int, int]:
        """Number of rows and sum of their hashes: equal for the same rows in any order."""
        return sum_of_hashes(self._warehouse, f"(select hash(t) as row_hash from {name} as t)")

    # the ends

    def _become_whole(self, doubt: str) -> None:
        self.doubt = doubt
        self._worlds.close()

    def _finish(self) -> None:
        """Note what the tables hold, so that the next night can build upon it."""
        self._execute("create schema night")
        self._execute(
            "create table night.last as select $as_of::date as as_of, $fingerprint as fingerprint",
            {"as_of": self._params["as_of"], "fingerprint": self._fingerprint},
        )
        self._execute("create table night.batch as select batch_id from landing.batch")
        self._worlds.close()


_TABLES = "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database()"
_POLICY = "select 'policy.' || table_name from duckdb_tables() where schema_name = 'policy' and not internal order by all"


def _grain(file: SqlFile) -> frozenset[str]:
    """The columns that have one row a value, as the header names them; words that name no column are no harm."""
    return frozenset(word.strip() for word in file.header["grain"].split(","))


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month
