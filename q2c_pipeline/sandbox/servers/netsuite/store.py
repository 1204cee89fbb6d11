"""The ERP's tables: the shared records, and a typed in-memory copy of them that SuiteQL runs on."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from q2c_pipeline.sandbox.servers.netsuite.columns import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from q2c_pipeline.sandbox.servers.misbehave import Tampering
    from q2c_pipeline.sandbox.systems import Record, Tables

KEY = "_key"


class Store:
    """Reads and writes of one account; every write reaches the shared records and the copy."""

    def __init__(self, tables: Tables, tampering: Tampering, clock: Callable[[], datetime]) -> None:
        self.tables, self.tampering, self._clock, self._shift = tables, tampering, clock, timedelta()
        self.columns: dict[str, dict[str, str]] = {}
        self._lock, self._is_writing = threading.RLock(), False
        # Requests run side by side; one thread for each is quicker than several that share the cores.
        self._db = duckdb.connect(config={"threads": 1})
        self._db.execute("CREATE SCHEMA base; CREATE SCHEMA counted; CREATE SCHEMA listed")
        self.reload()

    def clock(self) -> datetime:
        """The server's time."""
        return self._clock() + self._shift

    def shift(self, by: timedelta) -> None:
        """Set the clock forward or back."""
        self._shift += by

    def reload(self) -> None:
        """Take over the shared records as they are now; needed only when they were changed behind the API."""
        with self._lock:
            for name in {**COLUMNS, **self.tables}:
                self._load(name)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let readers see several writes together or not at all; may be nested."""
        with self._lock:
            outermost, self._is_writing = not self._is_writing, True
            if outermost:
                self._db.execute("BEGIN")
            try:
                yield
            finally:
                if outermost:
                    self._db.execute("COMMIT")
                    self._is_writing = False

    def put(self, table: str, key: str, record: Record) -> None:
        """Insert or replace one record."""
        with self.at_once():
            self.tables.setdefault(table, {})[key] = record
            self._delete_copy(table, key)
            self._insert_copy(table, {key: record})

    def remove(self, table: str, key: str) -> None:
        """Take one record away."""
        with self.at_once():
            del self.tables[table][key]
            self._delete_copy(table, key)

    def touch(self, table: str, key: str, **changes: Any) -> None:
        """Change fields of one record and move its modification stamp, as a user's edit does."""
        self.put(table, key, {**self.tables[table][key], **changes, "lastmodifieddate": self.clock()})

    def lines(self, table: str, transaction: str) -> dict[str, Record]:
        """The lines of one transaction."""
        held = self.tables.get(table, {})
        return {key: line for key, line in held.items() if str(line["transaction"]) == transaction}

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run translated SQL; gives column names and rows."""
        cursor = self._db.cursor()
        try:
            rows = cursor.execute(sql).fetchall()
            return [column[0] for column in cursor.description or ()], rows
        finally:
            cursor.close()

    def _load(self, name: str) -> None:
        records = self.tables.get(name, {})
        self.columns[name] = self._typed_columns(name, records)
        declared = ", ".join(f'"{column}" {kind}' for column, kind in self.columns[name].items())
        self._db.execute(f'CREATE OR REPLACE TABLE base."{name}" ("{KEY}" VARCHAR, {declared})')
        self._insert_copy(name, records)
        omitted = ", ".join(f"'{key}'" for key in records if self.tampering.omits(name, key)) or "''"
        everything = f'SELECT * EXCLUDE ("{KEY}") FROM base."{name}"'  # noqa: S608  (names are the store's own)
        self._db.execute(f'CREATE OR REPLACE VIEW counted."{name}" AS {everything}')
        self._db.execute(f'CREATE OR REPLACE VIEW listed."{name}" AS {everything} WHERE "{KEY}" NOT IN ({omitted})')

    def _typed_columns(self, name: str, records: dict[str, Record]) -> dict[str, str]:
        found = dict.fromkeys(column for record in records.values() for column in record)
        added = dict.fromkeys(self.tampering.fields(name, "new_column"))
        removed = self.tampering.fields(name, "missing_column")
        known = {**COLUMNS.get(name, {}), **dict.fromkeys(self.tampering.fields(name, "malformed_row"), "VARCHAR")}
        return {column: known.get(column, "VARCHAR") for column in {**known, **found, **added} if column not in removed}

    def _insert_copy(self, table: str, records: dict[str, Record]) -> None:
        if not records:
            return
        kinds = self.columns[table]
        shown = [self.tampering.alter(table, key, record) for key, record in records.items()]
        texts = {column: _texts(record.get(column) for record in shown) for column in kinds}
        incoming = pl.DataFrame({KEY: list(records), **texts}, schema=dict.fromkeys((KEY, *kinds), pl.String))
        typed = ", ".join(f'CAST("{column}" AS {kind})' for column, kind in kinds.items())
        self._db.register("incoming", incoming)
        self._db.execute(f'INSERT INTO base."{table}" SELECT "{KEY}", {typed} FROM incoming')  # noqa: S608
        self._db.unregister("incoming")

    def _delete_copy(self, table: str, key: str) -> None:
        self._db.execute(f'DELETE FROM base."{table}" WHERE "{KEY}" = ?', [key])  # noqa: S608


def _texts(values: Iterable[Any]) -> list[str | None]:
    return [value if value is None or isinstance(value, str) else _text(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
