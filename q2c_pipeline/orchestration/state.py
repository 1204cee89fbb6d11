"""The state store that the settings name, open while a step or a command needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr
from sqlalchemy.engine import Engine

from q2c_pipeline.settings import Settings
from q2c_pipeline.state.store import state_at


@contextmanager
def state_of(settings: Settings) -> Iterator[Engine]:
    """The store, upgraded where it is of an older version; raises StoreError where it cannot be opened."""
    where = settings.state_store()
    with state_at(where.get_secret_value() if isinstance(where, SecretStr) else where) as engine:
        yield engine
