"""The state store that the settings name, open while a step or a command needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.engine import Engine

from q2c_pipeline.settings import Settings
from q2c_pipeline.state.store import state_at, version_at


def state_version(settings: Settings) -> str | None:
    """The version of the store that the settings name, None where there is none yet; changes nothing."""
    return version_at(_place(settings))


@contextmanager
def state_of(settings: Settings) -> Iterator[Engine]:
    """The store, upgraded where it is of an older version; raises StoreError where it cannot be opened."""
    with state_at(_place(settings)) as engine:
        yield engine


def _place(settings: Settings) -> Path | str:
    where = settings.state_store()
    return where.get_secret_value() if isinstance(where, SecretStr) else where
