"""Credentials that may write are opened where corrections are pushed, and nowhere else: the night never holds them."""

from __future__ import annotations

from pathlib import Path

import q2c_pipeline
from q2c_pipeline.orchestration import lookalikes
from q2c_pipeline.settings import load_settings

PACKAGE = Path(q2c_pipeline.__file__).parent
OPENERS = {"settings/model.py", "orchestration/pushing.py"}


def test_only_pushing_opens_what_may_write() -> None:
    files = {str(file.relative_to(PACKAGE)) for file in PACKAGE.rglob("*.py") if "writing_instance(" in file.read_text("utf-8")}
    assert files == OPENERS


def test_reading_needs_no_credential_that_may_write(tmp_path: Path) -> None:
    reading = {name: value for name, value in lookalikes.new_credentials().items() if "_WRITE_" not in name}
    config = lookalikes.write_config(tmp_path, dict.fromkeys(lookalikes.INSTANCES, "http://127.0.0.1:9"))
    settings = load_settings(config, reading)
    for name, keys in lookalikes.CREDENTIALS.items():
        assert set(settings.instance(name).credentials) == set(keys)
