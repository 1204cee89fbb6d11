"""A night may die anywhere: the next one gives what an undisturbed night gives, nothing lost and nothing twice."""

from __future__ import annotations

import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from q2c_pipeline.engine import publishing
from q2c_pipeline.errors import StoreError
from q2c_pipeline.orchestration import night
from q2c_pipeline_tests.scenarios.nights import AS_OF, differences, published_tables
from q2c_pipeline_tests.scenarios.site import Site

FEW = ("manifest:12", "load:17", "transform:40")
"""Between a batch and its manifest, inside a load, between two tables."""
MORE = (
    *(f"extract:{number}" for number in (1, 7, 9, 18, 29)),
    *(f"sync:{number}" for number in (1, 14, 33)),
    *(f"manifest:{number}" for number in (1, 7, 8, 29)),
    *(f"append:{number}" for number in (2, 5, 40, 90)),
    *(f"load:{number}" for number in (1, 7, 8, 29)),
    *(f"table:{number}" for number in (1, 50)),
    *(f"transform:{number}" for number in (1, 83)),
    "copy:1",
    "publish:1",
)


@pytest.mark.parametrize("point", [*FEW, *(pytest.param(point, marks=pytest.mark.long) for point in MORE)])
def test_a_killed_night_is_made_good(site: Site, tmp_path: Path, point: str) -> None:
    with site.start(tmp_path, point) as process:
        assert process.wait(600) == -signal.SIGKILL, process.communicate()
    site.assert_made_good(tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_a_night_killed_three_times_at_any_moment_is_made_good(site: Site, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(3):
        with site.start(tmp_path, "never:1") as process:
            time.sleep(dice.uniform(1.5, 6))
            process.kill()
    site.assert_made_good(tmp_path)


def test_readers_keep_the_last_finished_night(site: Site, tmp_path: Path) -> None:
    shutil.copytree(site.evening, tmp_path, dirs_exist_ok=True)
    settings = site.settings(tmp_path)
    before = settings.stores.published.read_bytes()
    with publishing.open_published(settings.stores.published) as reader, site.start(tmp_path, "rename:1") as process:
        assert process.wait(600) == -signal.SIGKILL
        assert settings.stores.published.read_bytes() == before
        site.finish(tmp_path)
        assert settings.stores.published.read_bytes() != before
        assert reader.query("select count(*) as n from recon.exception")["n"][0] == site.undisturbed["recon.exception"].height
    assert differences(published_tables(settings), site.undisturbed) == []


def test_two_runs_at_once(site: Site, tmp_path: Path) -> None:
    """The second says so and stops; when the first dies its lock dies with it."""
    with site.start(tmp_path, "load:5", "stall") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "stalled\n"
        settings = site.settings(tmp_path)
        landed = sorted(settings.stores.landing.rglob("*"))
        with pytest.raises(StoreError, match=rf"expected no other run, found process {first.pid}.*wait until it has finished"):
            night.run_night(settings, AS_OF, lambda *_: None)
        assert sorted(settings.stores.landing.rglob("*")) == landed
        first.kill()
    with night.night_lock(settings):
        pass
