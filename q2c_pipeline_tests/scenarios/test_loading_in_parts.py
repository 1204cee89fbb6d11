"""A batch that is loaded part by part becomes what it becomes as a whole: rows, rejects, tombstones, counts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from q2c_pipeline.orchestration import loading, night
from q2c_pipeline.orchestration.night import NightResult
from q2c_pipeline.schemas.tables import TABLES
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.scenarios.nights import AS_OF, company

FACTS = ("landing.batch", "landing.check_result", "landing.tombstone", "landing.reject", "landing.drift")


def loaded(settings: Settings) -> dict[str, pl.DataFrame]:
    """Every table that the loading step fills, from what is landed."""
    settings.stores.warehouse.unlink(missing_ok=True)
    result = NightResult(AS_OF)
    with night.open_warehouse(settings, AS_OF) as warehouse:
        night.load_all(settings, warehouse, AS_OF, lambda *_: None, result)
        names = [*FACTS, *(f"mapped.{name}" for name in TABLES)]
        return {name: warehouse.query(f"from {name} order by all") for name in names}


def test_parts_add_up_to_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acme = company(12, "dq02_charge_bad_date", "dq02_billed_line_unreadable", accounts=12, months=3)
    with acme.served() as urls:
        settings = acme.settings(tmp_path, urls)
        night.extract_all(settings, AS_OF, lambda *_: None, NightResult(AS_OF))
    whole = loaded(settings)
    assert whole["landing.reject"].height > 1
    for rows in (1_000_000, 7):
        monkeypatch.setattr(loading, "PART_ROWS", rows)
        for name, frame in loaded(settings).items():
            assert_frame_equal(frame, whole[name])
