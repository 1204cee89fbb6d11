"""Opens the state store: SQLite beside the warehouse by default, PostgreSQL where a company runs one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_random

from q2c_pipeline.errors import ConfigurationError, StoreError
from q2c_pipeline.state.versions import bring_up, is_current, version_of

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_PATIENCE = 30
"""Seconds: a night with tens of thousands of new exceptions writes for some, and a person who acts meanwhile waits for it."""
_PRAGMAS = (f"busy_timeout = {_PATIENCE * 1000}", "foreign_keys = on", "synchronous = full")
_WRITES = "q2c_writes"
_SUPPORTED = frozenset({"sqlite", "postgresql"})


def open_state(where: Path | str) -> Engine:
    """Engine of the store at a file path or a `postgresql+psycopg://` URL; an empty or older store becomes today's version.

    Raises StoreError for a store of a newer version, and for one that cannot be opened.
    """
    url = _url(where)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = _engine(url)
    try:
        with _openable(url):
            _prepare(engine, _shown(url))
    except StoreError:
        engine.dispose()
        raise
    return engine


def version_at(where: Path | str) -> str | None:
    """The version of the store there, None where there is none yet; looks, and changes nothing.

    Raises StoreError for a store of a newer version, and for one that cannot be opened.
    """
    url = _url(where)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None
    engine = _engine(url)
    try:
        with _openable(url), engine.connect() as connection:
            is_current(connection, _shown(url))
            return version_of(connection)
    finally:
        engine.dispose()


@contextmanager
def state_at(where: Path | str) -> Iterator[Engine]:
    """The store while the context lasts."""
    engine = open_state(where)
    try:
        yield engine
    except OperationalError as error:
        raise StoreError(
            expected="a state store that answers and lets one writer in after the other",
            found=_without_secret(error, engine.url),
            where=_shown(engine.url),
            next_step="wait until others have finished, see that the server runs, then repeat: nothing half done was kept",
        ) from None
    finally:
        engine.dispose()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads before it writes: in SQLite it has the right to write from its start."""
    with engine.execution_options(**{_WRITES: True}).begin() as connection:
        yield connection


def _prepare(engine: Engine, where: str) -> None:
    with engine.connect() as connection:
        current = is_current(connection, where)
    if not current:
        with writing(engine) as connection:
            bring_up(connection, where)


@contextmanager
def _openable(url: URL) -> Iterator[None]:
    """Tell in our words, and without the password, why a store cannot be opened."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(
            expected="a state store that can be opened",
            found=_without_secret(error, url),
            where=_shown(url),
            next_step="check path, permissions or server; a damaged store is made again from a backup by `q2c state restore`",
        ) from None  # the driver's own text repeats the URL with its password


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _engine(url: URL) -> Engine:
    """An engine that has not connected yet."""
    try:
        engine = create_engine(url, pool_pre_ping=url.get_backend_name() == "postgresql")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            expected=f"a database driver for {url.drivername}",
            found=f"no module {error.name}",
            where="stores.state_url",
            next_step=f"install {error.name}, or name the driver that is installed in the URL",
        ) from error
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _url(where: Path | str) -> URL:
    """A path becomes a SQLite URL."""
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):
        raise _unusable("text that is not a database URL") from None  # its own words may repeat a password
    if url.get_backend_name() not in _SUPPORTED:
        raise _unusable(f"a URL for {url.get_backend_name()}")
    return url


def _unusable(found: str) -> ConfigurationError:
    return ConfigurationError(
        expected="a file path, or a URL beginning with sqlite:/// or postgresql+psycopg://",
        found=found,
        where="stores.state_url",
        next_step="correct the text that stores.state_url in q2c.toml refers to",
    )


def _without_secret(error: SQLAlchemyError, url: URL) -> str:
    text = str(getattr(error, "orig", None) or error)
    return text.replace(str(url.password), "***") if url.password else text


def _configure_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:  # noqa: ARG001
    # The driver begins transactions late and not around DDL: SQLAlchemy's `begin` does it instead.
    connection.isolation_level = None
    cursor: Any = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"pragma {pragma}")
    cursor.close()
    _write_ahead(connection)


@retry(
    retry=retry_if_exception_message(match="database is locked"),
    wait=wait_random(0.01, 0.1),
    stop=stop_after_delay(_PATIENCE),
    reraise=True,
)
def _write_ahead(connection: DBAPIConnection) -> None:
    """SQLite does not wait for others here whatever its busy timeout: of several who open a new store, one may be refused."""
    cursor: Any = connection.cursor()
    cursor.execute("pragma journal_mode = wal")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("begin immediate" if connection.get_execution_options().get(_WRITES) else "begin")
