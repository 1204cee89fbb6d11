"""A night that makes only the part of the tables that changes touch leaves exactly the tables that a whole run makes."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.engine.refresh import Refresh
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.identity.settling import Settled
from q2c_pipeline.orchestration import identifying, night
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.sandbox.company.faults import available_faults
from q2c_pipeline.sandbox.systems import Systems
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.scenarios import later
from q2c_pipeline_tests.scenarios.any_change import first_release, some_changes
from q2c_pipeline_tests.scenarios.nights import Company

FIRST = date(2026, 6, 23)
EVERYTHING = tuple(available_faults())


def a_company(seed: int, faults: tuple[str, ...] = EVERYTHING) -> Company:
    return Company(build(seed, accounts=40, months=5, as_of=FIRST, faults=faults))


def a_day_passes(systems: Systems, day: date) -> None:
    systems.as_of = day


def a_day_of_changes(systems: Systems, day: date) -> None:
    moment = datetime.combine(day, time(10), tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(later, "MORNING", moment)
        patch.setattr(later, "NEXT_DAY", day)
        later.a_day_of_changes(systems)


def read(acme: Company, folder: Path, as_of: date) -> Settings:
    """Extract and load, and make no table yet."""
    with acme.served() as urls:
        settings = acme.settings(folder, urls)
        result = night.NightResult(as_of)
        night.extract_all(settings, as_of, lambda *_: None, result)
    with night.open_warehouse(settings, as_of) as warehouse:
        night.load_all(settings, warehouse, as_of, lambda *_: None, result)
    assert list(map(str, result.blocked)) == []
    return settings


def made(settings: Settings, as_of: date, *, full: bool = False) -> dict[str, list[str]]:
    """Every table after a transformation, as sorted text of its rows."""
    with night.open_warehouse(settings, as_of) as warehouse:
        night.transform(settings, warehouse, as_of, lambda _: None, full=full)
        return {file.name: sorted(map(repr, warehouse.query(f"from {file.name}").iter_rows())) for file in load_sql_files()}


def assert_part_is_whole(acme: Company, folder: Path, change: Callable[[Systems, date], None], days: int) -> None:
    made(read(acme, folder, FIRST), FIRST)
    assert_next_is_whole(acme, folder, change, FIRST + timedelta(days=days))


def assert_next_is_whole(acme: Company, folder: Path, change: Callable[[Systems, date], None], day: date) -> None:
    change(acme.systems, day)
    settings = read(acme, folder, day)
    loaded, parted = folder / "loaded.duckdb", folder / "parted.duckdb"
    shutil.copy(settings.stores.warehouse, loaded)
    part = made(settings, day)
    shutil.copy(settings.stores.warehouse, parted)
    shutil.copy(loaded, settings.stores.warehouse)
    whole = made(settings, day, full=True)
    differing = {name: sorted(set(part[name]) ^ set(rows))[:3] for name, rows in whole.items() if part[name] != rows}
    assert differing == {}
    shutil.copy(parted, settings.stores.warehouse)


@pytest.fixture
def made_by(monkeypatch: pytest.MonkeyPatch) -> list[Refresh]:
    """Every transformation of the test; a part of a small company is never too large for one."""
    found: list[Refresh] = []

    class Noted(Refresh):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            found.append(self)

    monkeypatch.setattr(night, "Refresh", Noted)
    monkeypatch.setattr("q2c_pipeline.engine.worlds.LARGEST_PART", 1.0)
    return found


def test_a_part_is_the_whole(tmp_path: Path, made_by: list[Refresh]) -> None:
    assert_part_is_whole(a_company(12), tmp_path, a_day_of_changes, 1)
    assert [one.doubt for one in made_by] == ["no complete night before", None, "asked for"]


def test_who_is_who_is_settled_again_for_new_facts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acme, asked = a_company(12, ()), []
    settings = read(acme, tmp_path, FIRST)
    made(settings, FIRST)
    settle = identifying.settled

    def settled(settings: Settings, warehouse: Warehouse) -> Settled:
        asked.append(warehouse)
        return settle(settings, warehouse)

    monkeypatch.setattr(identifying, "settled", settled)
    made(settings, FIRST)
    assert asked == []
    made(settings, FIRST, full=True)
    assert len(asked) == 1
    a_day_of_changes(acme.systems, FIRST + timedelta(days=1))
    made(read(acme, tmp_path, FIRST + timedelta(days=1)), FIRST + timedelta(days=1))
    assert len(asked) == 2


@pytest.mark.long
@pytest.mark.parametrize(("change", "days"), [(a_day_passes, 1), (a_day_passes, 3), (a_day_of_changes, 4), (first_release, 2)])
@pytest.mark.parametrize("seed", [13, 14, 15])
def test_a_part_is_the_whole_in_more_companies(
    tmp_path: Path, made_by: list[Refresh], seed: int, change: Callable[[Systems, date], None], days: int
) -> None:
    assert_part_is_whole(a_company(seed, EVERYTHING[seed % 3 :: 3] if seed % 2 else ()), tmp_path, change, days)
    assert [one.doubt for one in made_by] == ["no complete night before", None, "asked for"]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(21, 27))
def test_nights_of_random_changes_add_up(tmp_path: Path, made_by: list[Refresh], seed: int) -> None:
    acme, rng = a_company(seed, EVERYTHING[seed % 3 :: 3]), random.Random(seed)
    made(read(acme, tmp_path, FIRST), FIRST)
    for days in range(1, 5):
        assert_next_is_whole(acme, tmp_path, partial(some_changes, rng=rng), FIRST + timedelta(days=days))
    # A journal that suddenly names everything may be doubted, but not every night is.
    assert [one.doubt for one in made_by].count(None) >= 2
