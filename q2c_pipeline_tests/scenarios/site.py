"""A served company with every fault, an undisturbed night of it, and ways to run further nights."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from q2c_pipeline.orchestration import night
from q2c_pipeline.sandbox.company.faults import available_faults
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.scenarios.nights import AS_OF, Company, company, differences, published_tables

EVERYTHING = tuple(available_faults())


@dataclass(frozen=True)
class Site:
    """A served company, the stores of an undisturbed night, and what that night published."""

    company: Company
    urls: dict[str, str]
    evening: Path
    undisturbed: dict[str, pl.DataFrame]

    def start(self, folder: Path, point: str, action: str = "kill") -> subprocess.Popen[str]:
        """A night in a process of its own that does not get beyond the point."""
        settings = self.company.settings(folder, self.urls)
        command = [sys.executable, "-m", "q2c_pipeline_tests.scenarios.broken_off", str(settings.path), AS_OF.isoformat()]
        environ = {**os.environ, **self.company.credentials}
        return subprocess.Popen([*command, point, action], env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def settings(self, folder: Path) -> Settings:
        """A configuration in `folder` that points here."""
        return self.company.settings(folder, self.urls)

    def finish(self, folder: Path) -> Settings:
        """The next night, which nothing disturbs."""
        settings = self.settings(folder)
        blocked = night.run_night(settings, AS_OF, lambda *_: None).blocked
        assert blocked == [], "; ".join(map(str, blocked))
        return settings

    def assert_made_good(self, folder: Path) -> None:
        """The next night publishes what the undisturbed one did."""
        assert differences(published_tables(self.finish(folder)), self.undisturbed) == []


@contextmanager
def undisturbed_site(evening: Path) -> Iterator[Site]:
    """Serve a company and run its first night into `evening`."""
    acme = company(12, *EVERYTHING, accounts=40, months=5)
    with acme.served() as urls:
        settings = acme.settings(evening, urls)
        night.run_night(settings, AS_OF, lambda *_: None)
        yield Site(acme, urls, evening, published_tables(settings))
