"""The self-test tells of every problem at once, and changes nothing."""

from __future__ import annotations

import socket
from datetime import date
from pathlib import Path

import pytest

from q2c_pipeline.engine.publishing import publish
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.orchestration import checking
from q2c_pipeline.platforms.extraction import Finding
from q2c_pipeline.settings import load_settings

CONFIG = """
[company]
name = "Example"
group_currency = "EUR"
[company.entities]
DE = {{ name = "Example GmbH", currency = "EUR", country = "DE" }}
[[instances]]
name = "sf"
platform = "salesforce"
url = "http://127.0.0.1:{port}"
credentials = {{ consumer_key = "file:secrets.toml#key", consumer_secret = "file:secrets.toml#secret" }}
[[instances]]
name = "billing"
platform = "stripe"
url = "http://127.0.0.1:{port}"
credentials = {{ api_key = "env:NOT_SET" }}
"""


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Finding]:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        (tmp_path / "q2c.toml").write_text(CONFIG.format(port=closed.getsockname()[1]))
        (tmp_path / "secrets.toml").write_text('key = "k"\nsecret = "hidden"\n')
        (tmp_path / "secrets.toml").chmod(0o644)
        before = sorted(tmp_path.rglob("*"))
        findings = {one.subject: one for one in checking.check(load_settings(tmp_path / "q2c.toml", {}))}
        assert sorted(tmp_path.rglob("*")) == before
    return findings


def test_each_problem_has_its_cure(found: dict[str, Finding]) -> None:
    assert "chmod 600" in found["secrets"].next_step
    assert "refused" in found["sf"].says
    assert "export NOT_SET" in found["billing"].next_step
    assert found["configuration"].is_ok
    assert found["store warehouse"].is_ok


@pytest.mark.parametrize(("posting_days", "is_ok"), [(2, True), (3, False)])
def test_a_policy_that_changed_under_its_version_is_a_problem(tmp_path: Path, posting_days: int, is_ok: bool) -> None:  # noqa: FBT001
    path = tmp_path / "q2c.toml"
    path.write_text(CONFIG.format(port=9))
    settings = load_settings(path, {})
    with Warehouse() as warehouse:
        warehouse.append("policy.in_force", settings.policy_frames(date(2026, 6, 30))["in_force"])
        publish(warehouse, settings.stores.published)
    path.write_text(CONFIG.format(port=9) + f"[policy.grace]\nposting_days = {posting_days}\n")
    (found,) = (one for one in checking.check(load_settings(path, {})) if one.subject == "policy")
    assert found.is_ok is is_ok
    assert is_ok or "give the change a version of its own" in found.next_step


def test_no_secret_is_told(found: dict[str, Finding]) -> None:
    assert "hidden" not in str(found)


def test_a_full_disk_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checking, "ENOUGH_BYTES", 1 << 80)
    (tmp_path / "q2c.toml").write_text(CONFIG.format(port=9))
    disk = next(one for one in checking.check(load_settings(tmp_path / "q2c.toml", {})) if one.subject == "disk")
    assert (disk.is_ok, bool(disk.next_step)) == (False, True)
