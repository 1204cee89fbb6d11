"""A simulated company served by another process, so that its work is not counted as the pipeline's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from q2c_pipeline.orchestration import lookalikes
from q2c_pipeline.settings import Settings, load_settings

AS_OF = date(2026, 6, 30)
_SEED, _MONTHS = 7, 12
_MEMORY = "7GB"
"""Of the warehouse, so that the whole process stays below eight."""


@contextmanager
def running_company(accounts: int) -> Iterator[Settings]:
    """Settings that point at a clean company's look-alikes, with stores of their own, while the context lasts."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, credentials = lookalikes.prepare(Path(temporary) / "company"), lookalikes.new_credentials()
        os.environ.update(credentials)
        plan = lookalikes.Plan(_SEED, accounts, _MONTHS, AS_OF)
        with lookalikes.serving_apart(plan, credentials, folder, os.environ) as served:
            yield load_settings(lookalikes.write_config(folder, served.urls))


def settings_in(folder: Path) -> Settings:
    """Settings where no system answers, with stores in `folder`: policy, landing and warehouse without extraction."""
    urls = dict.fromkeys(lookalikes.INSTANCES, "http://127.0.0.1:9")
    settings = load_settings(lookalikes.write_config(folder, urls), lookalikes.new_credentials())
    return settings.model_copy(update={"stores": settings.stores.model_copy(update={"memory": _MEMORY})})
