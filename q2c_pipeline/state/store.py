"""Opens the state store: SQLite beside the warehouse by default, PostgreSQL where a company runs one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from q2c_pipeline.errors import ConfigurationError, StoreError
from q2c_pipeline.state.tables import METADATA

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_PRAGMAS = ("journal_mode = wal", "foreign_keys = on", "busy_timeout = 5000", "synchronous = full")
_SUPPORTED = frozenset({"sqlite", "postgresql"})


def open_state(where: Path | str) -> Engine:
    """Engine of the store at a file path or a `postgresql+psycopg2://` URL, with its tables made if they are missing."""
    url = _url(where)
    engine = _engine(url)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
    try:
        METADATA.create_all(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        raise StoreError(
            expected="a state store that can be opened",
            found=_without_secret(error, url),
            where=url.render_as_string(hide_password=True),
            next_step="check path, permissions or server, then run again",
        ) from None  # the driver's own text repeats the URL with its password
    return engine


def _engine(url: URL) -> Engine:
    """An engine that has not connected yet."""
    try:
        return create_engine(url, pool_pre_ping=url.get_backend_name() == "postgresql")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            expected=f"a database driver for {url.drivername}",
            found=f"no module {error.name}",
            where="stores.state",
            next_step=f"install {error.name}, or name the driver that is installed in the URL",
        ) from error


def _url(where: Path | str) -> URL:
    """A path becomes a SQLite URL; its folder is made."""
    if isinstance(where, Path) or "://" not in where:
        path = Path(where)
        path.parent.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite", database=str(path))
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):
        raise _unusable("text that is not a database URL") from None  # its own words may repeat a password
    if url.get_backend_name() not in _SUPPORTED:
        raise _unusable(f"a URL for {url.get_backend_name()}")
    return url


def _unusable(found: str) -> ConfigurationError:
    return ConfigurationError(
        expected="a file path, or a URL beginning with sqlite:/// or postgresql+psycopg2://",
        found=found,
        where="stores.state",
        next_step="correct stores.state in q2c.toml",
    )


def _without_secret(error: SQLAlchemyError, url: URL) -> str:
    text = str(getattr(error, "orig", None) or error)
    return text.replace(str(url.password), "***") if url.password else text


def _configure_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:  # noqa: ARG001
    cursor: Any = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"pragma {pragma}")
    cursor.close()
