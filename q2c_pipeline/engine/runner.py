"""The DuckDB warehouse: opens the file, makes the tables that SQL files describe, in the order their syntax trees demand."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Self

import duckdb
import polars as pl

from q2c_pipeline.engine.sqlfiles import OUTSIDE, SqlFile
from q2c_pipeline.errors import SqlError, StoreError
from q2c_pipeline.schemas.adapters import duckdb_ddl
from q2c_pipeline.schemas.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path
    from types import TracebackType

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "preserve_insertion_order": False,
}
_OUTSIDE_DDL = (
    "create table if not exists policy.entity (legal_entity_code varchar, currency varchar, country_code varchar)",
    "create table if not exists policy.instance (instance varchar, platform varchar, role varchar)",
    "create table if not exists policy.currency (currency varchar, exponent bigint)",
    """create table if not exists policy.convention (instance varchar, proration varchar, rounding varchar, recognition varchar,
       modification varchar)""",
    "create table if not exists policy.summary_convention (instance varchar, grouping varchar, number_prefix varchar)",
    "create table if not exists policy.standalone_price (product_code varchar, currency varchar, unit_price decimal(20, 4))",
    """create table if not exists policy.bundle (bundle varchar, product_code varchar, currency varchar,
       unit_price decimal(20, 4))""",
    """create table if not exists policy.grace (instance varchar, legal_entity_code varchar, booking_days integer,
       invoice_days integer, posting_days integer)""",
    "create table if not exists policy.ownership (table_name varchar, field_name varchar, owner_role varchar)",
    """create table if not exists policy.tolerance (control_id varchar, legal_entity_code varchar, currency varchar,
       tolerance_amount decimal(20, 4), tolerance_percent decimal(8, 4))""",
    """create table if not exists policy.materiality (legal_entity_code varchar, materiality_amount decimal(20, 4),
       materiality_percent decimal(8, 4))""",
    "create table if not exists policy.in_force (version varchar, digest varchar, effective_from date)",
    """create table if not exists landing.batch (batch_id varchar, instance varchar, platform varchar, object_name varchar,
       sequence bigint, as_of date, row_count bigint, loaded_rows bigint, rejected_rows bigint)""",
    """create table if not exists landing.check_result (batch_id varchar, instance varchar, object_name varchar,
       check_name varchar, expected_value varchar, found_value varchar, is_ok boolean)""",
    """create table if not exists landing.tombstone (batch_id varchar, instance varchar, object_name varchar, as_of date,
       source_id varchar, state varchar)""",
    """create table if not exists landing.reject (batch_id varchar, instance varchar, object_name varchar, source_id varchar,
       row_number bigint, field_name varchar, reason varchar, "value" varchar, is_unknown_enum boolean, record varchar)""",
    """create table if not exists landing.drift (instance varchar, object_name varchar, vendor_field varchar,
       drift_kind varchar, detail varchar)""",
    """create table if not exists identity.account (other_account_key varchar, account_key varchar, method varchar,
       score decimal(5, 4), explanation varchar, is_duplicate boolean)""",
    """create table if not exists identity.duplicate (customer_id varchar, instance varchar, left_key varchar, right_key varchar,
       method varchar, score decimal(5, 4), explanation varchar)""",
    "create table if not exists identity.customer (account_key varchar, customer_id varchar)",
    """create table if not exists identity.link (left_key varchar, right_key varchar, method varchar, score decimal(5, 4),
       decision varchar, explanation varchar)""",
)


_STORE_FAILURES = (duckdb.IOException, duckdb.FatalException, duckdb.TransactionException)
_REBUILD = "remove this file and run `q2c nightly`: it is built again from landing, which keeps everything that was read"


@dataclass(frozen=True)
class RunResult:
    """What running one file did."""

    name: str
    rows: int
    seconds: float


class Warehouse:
    """A DuckDB file (or memory) with one writer; use as a context manager."""

    def __init__(
        self, path: Path | str = ":memory:", *, read_only: bool = False, threads: int | None = None, memory: str | None = None
    ) -> None:
        config = dict(_CONFIG) | ({"threads": threads} if threads else {}) | ({"memory_limit": memory} if memory else {})
        self.path = path
        try:
            self.connection = duckdb.connect(str(path), read_only=read_only, config=config)
        except duckdb.Error as error:
            raise _unopened(path, error) from error
        self.connection.execute("set global TimeZone = 'UTC'")
        if not read_only:
            with self._written():
                self._prepare()
                self._refuse_other_version()

    def _prepare(self) -> None:
        for statement in _ddl():
            self.connection.execute(statement)

    def _refuse_other_version(self) -> None:
        """Stop at a file whose tables another version of this package made."""
        strange = sorted(_columns_of_this_version() - _columns(self.connection))
        if strange:
            self.close()
            raise StoreError(
                expected=f"a column {'.'.join(strange[0][:3])} of type {strange[0][3]}",
                found="a file that another version of q2c made",
                where=str(self.path),
                next_step=_REBUILD,
            )

    @contextmanager
    def _written(self) -> Iterator[None]:
        """Let a failure to write name the file and the way on."""
        try:
            yield
        except _STORE_FAILURES as error:
            raise _unwritten(str(self.path), error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self.connection.close()

    def append(self, table: str, frame: pl.DataFrame) -> int:
        """Add the rows of `frame` to `schema.table` by column name."""
        # DuckDB finds the frame by its name here; one that is registered is kept in memory until the transaction ends.
        incoming_frame = frame  # noqa: F841
        with self._written():
            self.connection.execute(f"insert into {table} by name select * from incoming_frame")  # noqa: S608
        return frame.height

    def discard(self, table: str, keys: pl.DataFrame) -> None:
        """Take the rows out of `schema.table` that agree with a row of `keys` in all its columns."""
        agrees = " and ".join(f'{table}."{name}" is not distinct from gone."{name}"' for name in keys.columns)
        with self._written():
            self.connection.execute(f"delete from {table} using keys as gone where {agrees}")  # noqa: S608

    def replace(self, table: str, frame: pl.DataFrame) -> int:
        """Let `schema.table` hold exactly the rows of `frame`."""
        with self.transaction():
            self.connection.execute(f"delete from {table}")  # noqa: S608
            return self.append(table, frame)

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Rows of any SELECT as a frame."""
        try:
            frame: pl.DataFrame = self.connection.sql(sql, params=dict(params or {})).pl()
        except duckdb.Error as error:
            raise _sql_error("query", error, dict(params or {})) from error
        return frame

    def parts(self, sql: str, params: Mapping[str, Any], rows: int) -> Iterator[pl.DataFrame]:
        """Rows of a SELECT as frames of at most so many rows, one in memory at a time."""
        for batch in self.connection.sql(sql, params=dict(params)).to_arrow_reader(rows):
            yield pl.DataFrame(batch)

    def run_file(self, file: SqlFile, params: Mapping[str, Any]) -> RunResult:
        """Make the file's table anew, all of it or nothing of it."""
        bound = bind(file, params)
        start = time.perf_counter()
        with self.transaction(), _explained(file, bound):
            self.connection.execute(f'create schema if not exists "{file.schema}"')
            self.connection.execute(f'create or replace table "{file.schema}"."{file.table}" as {file.sql}', bound)
        return RunResult(file.name, self.count(file.name), time.perf_counter() - start)

    def remake(self, file: SqlFile, params: Mapping[str, Any], period: date) -> RunResult:
        """Make anew those rows of the file's table that are of one period; all of them or nothing, and no others."""
        bound = bind(file, params)
        start = time.perf_counter()
        with self.transaction(), _explained(file, bound):
            self.connection.execute(f"delete from {file.name} where period = $period", {"period": period})  # noqa: S608
            rows = f"select * from (\n{file.sql}\n) as made where period = $remade_period"  # noqa: S608
            self.connection.execute(f"insert into {file.name} by name {rows}", {**bound, "remade_period": period})
        return RunResult(file.name, self.count(file.name), time.perf_counter() - start)

    def run_all(
        self, files: Sequence[SqlFile], params: Mapping[str, Any], on_done: Callable[[RunResult], None] | None = None
    ) -> list[RunResult]:
        """Make all tables in dependency order; `on_done` hears of each."""
        results = []
        for file in graph(files):
            results.append(self.run_file(file, params))
            if on_done is not None:
                on_done(results[-1])
        return results

    def select(self, file: SqlFile, params: Mapping[str, Any]) -> pl.DataFrame:
        """Rows of a file that makes no table (an assertion or a ready-made query)."""
        bound = bind(file, params)
        with _explained(file, bound):
            frame: pl.DataFrame = self.connection.sql(file.sql, params=bound).pl()
        return frame

    def count(self, table: str) -> int:
        """Number of rows of `schema.table`."""
        row = self.connection.execute(f"select count(*) from {table}").fetchall()[0]  # noqa: S608
        return int(row[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the statements inside, or none of them."""
        self.connection.execute("begin")
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error):  # a file that could not be written is closed already
                self.connection.execute("rollback")
            raise
        with self._written():
            self.connection.execute("commit")


def _ddl() -> list[str]:
    """Everything that a warehouse has before the first SQL file runs."""
    schemas = [f"create schema if not exists {schema}" for schema in sorted(OUTSIDE)]
    return [*schemas, *(duckdb_ddl(table, "mapped") for table in TABLES.values()), *_OUTSIDE_DDL]


@cache
def _columns_of_this_version() -> frozenset[tuple[str, str, str, str]]:
    with duckdb.connect() as fresh:
        for statement in _ddl():
            fresh.execute(statement)
        return _columns(fresh)


def _columns(connection: duckdb.DuckDBPyConnection) -> frozenset[tuple[str, str, str, str]]:
    rows = connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() where database_name = current_database()"
    ).fetchall()
    return frozenset((schema, table, column, kind) for schema, table, column, kind in rows if schema in OUTSIDE)


def graph(files: Sequence[SqlFile]) -> list[SqlFile]:
    """The files in an order in which each comes after all that it reads; the same order every time."""
    by_name = {file.name: file for file in files}
    sorter = TopologicalSorter({n: sorted(u for u in f.upstreams if u in by_name) for n, f in sorted(by_name.items())})
    try:
        return [by_name[name] for name in sorter.static_order()]
    except CycleError as error:
        raise SqlError(
            expected="tables that depend on earlier ones only",
            found=f"a circle: {' -> '.join(error.args[1])}",
            where="sql/",
            next_step="cut one of the tables in two",
        ) from error


def bind(file: SqlFile, params: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the parameters that the file reads; raises SqlError for one that nobody gave."""
    missing = [name for name in file.params if name not in params]
    if missing:
        raise SqlError(
            expected=f"a value for {', '.join(file.params)}",
            found=f"none for {', '.join(missing)}",
            where=file.path,
            next_step="add it to the policy",
        )
    return {name: params[name] for name in file.params}


@contextmanager
def _explained(file: SqlFile, bound: Mapping[str, Any]) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise _sql_error(file.path, error, bound) from error


def _unopened(path: Path | str, error: duckdb.Error) -> StoreError:
    """Why a file did not open: somebody else has it, or it is no DuckDB file any more."""
    is_locked = "lock" in str(error).lower()
    return StoreError(
        expected="a warehouse file that nobody else is writing" if is_locked else "a warehouse file that can be opened",
        found=_first_line(error),
        where=str(path),
        next_step="wait for the other run to end, or read the published copy instead of the work file" if is_locked else _REBUILD,
    )


def _unwritten(where: str, error: duckdb.Error) -> StoreError:
    return StoreError(
        expected="room and permission to write",
        found=_first_line(error),
        where=where,
        next_step="free disk space or correct the permissions, then run again: what was landed is kept, nothing was published",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _sql_error(where: str, error: Exception, bound: Mapping[str, Any]) -> SqlError | StoreError:
    if isinstance(error, _STORE_FAILURES):
        return _unwritten(where, error)
    said = ", ".join(f"{name}={value}" for name, value in bound.items())
    return SqlError(
        expected="a statement that runs",
        found=str(error),
        where=f"{where} with {said or 'no parameters'}",
        next_step="run the file by hand in DuckDB with these values",
    )
