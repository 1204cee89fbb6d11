"""A SQLAlchemy dialect that lends an open warehouse to Great Expectations.

It is needed for three reasons: one process may hold the file only once, duckdb_engine's column reflection asks for a catalogue
table that DuckDB does not have, and Great Expectations gives a connection back before it has fetched, by when DuckDB, which
streams results, has dropped the rows. So: cursors of the connection that is already open, own reflection, rows fetched at once.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import duckdb
import duckdb_engine
import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import registry

from q2c_pipeline.engine.runner import Warehouse

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection, ReflectedColumn

_LENT: dict[str, duckdb.DuckDBPyConnection] = {}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_TYPES: dict[str, type[types.TypeEngine[Any]]] = {
    "BIGINT": types.BIGINT,
    "INTEGER": types.INTEGER,
    "HUGEINT": types.NUMERIC,
    "VARCHAR": types.VARCHAR,
    "DATE": types.DATE,
    "BOOLEAN": types.BOOLEAN,
    "TIMESTAMP": types.TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": types.TIMESTAMP,
}
_COLUMNS = sa.text(
    "select column_name, data_type, is_nullable from duckdb_columns() where database_name = current_database() "
    "and table_name = :table_name and schema_name = coalesce(:schema_name, current_schema()) order by column_index"
)


@contextmanager
def lent(warehouse: Warehouse, name: str) -> Iterator[str]:
    """Lend the open warehouse under `name`; gives the connection string to hand to Great Expectations.

    What the warehouse has not committed is invisible through it: every cursor is its own transaction.
    """
    _LENT[name] = warehouse.connection
    try:
        yield f"duckdb+lent:///{name}"
    finally:
        del _LENT[name]


class BufferedCursor:
    """A DB-API cursor that has all its rows as soon as it has executed."""

    arraysize = 1
    rowcount = -1

    def __init__(self, raw: duckdb.DuckDBPyConnection, connection: LentConnection) -> None:
        self._raw, self.connection = raw, connection
        self._rows: deque[Any] = deque()
        self.description: Any = None

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:  # noqa: ARG002  (DB-API of the dialect)
        """Run the statement and fetch everything it returns."""
        result = self._raw.execute(statement, parameters) if parameters else self._raw.execute(statement)
        self.description = result.description
        self._rows = deque(result.fetchall())

    def executemany(self, statement: str, parameters: Sequence[Any]) -> None:
        """Run the statement once for each set of parameters."""
        self._raw.executemany(statement, list(parameters))

    def fetchone(self) -> Any:
        """The next row, or None."""
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, `arraysize` of them if not told."""
        return [self._rows.popleft() for _ in range(min(size or self.arraysize, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        rows = list(self._rows)
        self._rows.clear()
        return rows

    def close(self) -> None:
        """Forget the rows that were not asked for."""
        self._rows.clear()


class LentConnection:
    """A DB-API connection over one cursor of the warehouse; closing it leaves the warehouse open."""

    autocommit = None

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        self._raw = raw
        self.closed = False
        self.notices: list[str] = []

    def cursor(self) -> BufferedCursor:
        """A cursor with buffered rows."""
        return BufferedCursor(self._raw, self)

    def close(self) -> None:
        """Close this cursor of the warehouse."""
        self._raw.close()
        self.closed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


class LentDialect(duckdb_engine.Dialect):
    """DuckDB's dialect on a connection that somebody else opened and will close."""

    supports_statement_cache = False

    def create_connect_args(self, url: sa.URL) -> tuple[tuple[Any, ...], dict[Any, Any]]:
        """Only the name under which the warehouse was lent."""
        return (), {"name": url.database}

    def connect(self, *_args: Any, **named: Any) -> DBAPIConnection:
        """A new cursor of the lent warehouse."""
        return cast("DBAPIConnection", LentConnection(_LENT[named["name"]].cursor()))

    def get_columns(
        self, connection: sa.Connection, table_name: str, schema: str | None = None, **_kw: Any
    ) -> list[ReflectedColumn]:
        """Names and types from DuckDB's own catalogue function."""
        rows = connection.execute(_COLUMNS, {"table_name": table_name, "schema_name": schema}).fetchall()
        if not rows:
            raise sa.exc.NoSuchTableError(table_name)
        return [{"name": name, "type": _type(kind), "nullable": bool(nullable), "default": None} for name, kind, nullable in rows]


def _type(kind: str) -> types.TypeEngine[Any]:
    decimal = _DECIMAL.fullmatch(kind)
    if decimal:
        return types.DECIMAL(int(decimal[1]), int(decimal[2]))
    return _TYPES.get(kind, types.NullType)()


registry.register("duckdb.lent", __name__, LentDialect.__name__)
