"""Systems over HTTP are read side by side, and a night that is interrupted meanwhile ends soon and lands nothing half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from q2c_pipeline.landing.store import Landing
from q2c_pipeline.orchestration import night
from q2c_pipeline.orchestration.night import NightResult
from q2c_pipeline.sandbox.servers.misbehave import GLITCH_PATH, Glitch, Glitches
from q2c_pipeline_tests.scenarios.nights import AS_OF, Company, company

PATIENCE = 60.0
"""Only a fault waits so long."""
HANGS = {"kind": "slow", "path_pattern": "*/v1/invoices*", "times": 1000, "detail": {"seconds": 3 * PATIENCE}}


@pytest.fixture(scope="module")
def acme() -> Company:
    return company(3, accounts=6, months=2)


def test_no_system_is_read_after_another(acme: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look-alike keeps its first answer back until all three have been asked."""
    all_asked, asked, plain = threading.Barrier(3), set(), Glitches.next_for

    def next_for(self: Glitches, method: str, path: str) -> Glitch | None:
        if id(self) not in asked:
            asked.add(id(self))
            all_asked.wait(PATIENCE)
        return plain(self, method, path)

    result = NightResult(AS_OF)
    with acme.served() as urls:
        monkeypatch.setattr(Glitches, "next_for", next_for)
        night.extract_all(acme.settings(tmp_path, urls), AS_OF, lambda *_: None, result)
    assert not all_asked.broken
    assert result.blocked == []
    assert list(dict.fromkeys(one.instance for one in result.manifests)) == ["sf_main", "stripe_main", "netsuite_main"]


@pytest.mark.long
def test_an_interrupted_night_ends_soon_and_lands_nothing_half(acme: Company, tmp_path: Path) -> None:
    with acme.served() as urls:
        settings = acme.settings(tmp_path, urls)
        httpx.post(urls["stripe_main"] + GLITCH_PATH, json=HANGS, trust_env=False).raise_for_status()
        command = [
            sys.executable,
            "-m",
            "q2c_pipeline.cli",
            "nightly",
            "--as-of",
            AS_OF.isoformat(),
            "--config",
            str(settings.path),
        ]
        running = subprocess.Popen(command, env={**os.environ, **acme.credentials}, stderr=subprocess.PIPE, text=True)
        _until_landed(settings.stores.landing / "netsuite_main" / "transactionaccountingline")
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=PATIENCE)[1]
    assert running.returncode == 130, "long before the system that hangs would have answered"
    assert "Traceback" not in said
    landing = Landing(settings.stores.landing)
    for manifest in landing.manifests():
        assert landing.scan(manifest).collect().height == manifest.row_count
    assert landing.manifests("stripe_main", "invoice") == []
    assert not settings.stores.published.exists()


def _until_landed(folder: Path) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while not list(folder.glob("*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
