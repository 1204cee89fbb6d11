"""Settings of the example configuration, with no secret in the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from q2c_pipeline.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def example() -> Settings:
    """Three systems, as q2c.example.toml has them; no secret can be opened."""
    return load_settings(ROOT / "q2c.example.toml", {})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The same systems with stores of their own."""
    path = tmp_path / "q2c.toml"
    path.write_text((ROOT / "q2c.example.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return load_settings(path, {})
