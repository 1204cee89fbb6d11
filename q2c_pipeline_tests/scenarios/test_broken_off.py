"""A night may die anywhere: the next one gives what an undisturbed night gives, nothing lost and nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from q2c_pipeline.engine import publishing
from q2c_pipeline.errors import StoreError
from q2c_pipeline.orchestration import night
from q2c_pipeline.sandbox.company.faults import available_faults
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.scenarios.nights import AS_OF, Company, company, differences, published_tables

FEW = ("manifest:12", "load:17", "transform:40")
"""Between a batch and its manifest, inside a load, between two tables."""
MORE = (
    *(f"extract:{number}" for number in (1, 7, 9, 18, 29)),
    *(f"parquet:{number}" for number in (1, 14, 33)),
    *(f"manifest:{number}" for number in (1, 7, 8, 29)),
    *(f"append:{number}" for number in (2, 5, 40, 90)),
    *(f"load:{number}" for number in (1, 7, 8, 29)),
    *(f"table:{number}" for number in (1, 50)),
    *(f"transform:{number}" for number in (1, 83)),
    "copy:1",
    "publish:1",
)


@dataclass(frozen=True)
class Site:
    """A served company and what an undisturbed night published of it."""

    company: Company
    urls: dict[str, str]
    undisturbed: dict[str, pl.DataFrame]

    def start(self, folder: Path, point: str, action: str = "kill") -> subprocess.Popen[str]:
        """A night in a process of its own that does not get beyond the point."""
        settings = self.company.settings(folder, self.urls)
        command = [sys.executable, "-m", "q2c_pipeline_tests.scenarios.broken_off", str(settings.path), AS_OF.isoformat()]
        environ = {**os.environ, **self.company.credentials}
        return subprocess.Popen([*command, point, action], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, folder: Path) -> Settings:
        """The next night, which nothing disturbs."""
        settings = self.company.settings(folder, self.urls)
        assert night.run_night(settings, AS_OF, lambda *_: None).blocked == []
        return settings

    def assert_made_good(self, folder: Path) -> None:
        assert differences(published_tables(self.finish(folder)), self.undisturbed) == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    acme = company(12, *available_faults(), accounts=25, months=5)
    with acme.served() as urls:
        settings = acme.settings(tmp_path_factory.mktemp("undisturbed"), urls)
        night.run_night(settings, AS_OF, lambda *_: None)
        yield Site(acme, urls, published_tables(settings))


@pytest.mark.parametrize("point", [*FEW, *(pytest.param(point, marks=pytest.mark.long) for point in MORE)])
def test_a_killed_night_is_made_good(site: Site, tmp_path: Path, point: str) -> None:
    with site.start(tmp_path, point) as process:
        assert process.wait(120) == -signal.SIGKILL, process.communicate()
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
    settings = site.finish(tmp_path)
    before = settings.stores.published.read_bytes()
    with publishing.open_published(settings.stores.published) as reader, site.start(tmp_path, "rename:1") as process:
        assert process.wait(120) == -signal.SIGKILL
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
        settings = site.company.settings(tmp_path, site.urls)
        landed = sorted(settings.stores.landing.rglob("*"))
        with pytest.raises(StoreError, match=rf"expected no other run, found process {first.pid}.*wait until it has finished"):
            night.run_night(settings, AS_OF, lambda *_: None)
        assert sorted(settings.stores.landing.rglob("*")) == landed
        first.kill()
    with night.night_lock(settings):
        pass
