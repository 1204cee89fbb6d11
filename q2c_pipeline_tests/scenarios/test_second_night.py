"""An incremental night gives what a fresh full night of the same state gives; running again changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from q2c_pipeline.sandbox.company.faults import available_faults
from q2c_pipeline_tests.scenarios.later import a_day_of_changes
from q2c_pipeline_tests.scenarios.nights import NEXT_DAY, company, differences, published_tables


@pytest.mark.parametrize("faults", [(), tuple(available_faults())], ids=["clean", "with faults"])
def test_incremental_is_full(tmp_path: Path, faults: tuple[str, ...]) -> None:
    acme = company(11, *faults, accounts=25, months=5)
    acme.night(tmp_path / "both")
    a_day_of_changes(acme.systems)
    incremental = acme.night(tmp_path / "both", NEXT_DAY)
    full = acme.night(tmp_path / "fresh", NEXT_DAY)
    assert differences(published_tables(incremental), published_tables(full)) == []
