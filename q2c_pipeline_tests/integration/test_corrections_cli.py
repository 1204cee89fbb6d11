"""`q2c corrections` from outside: from the list to the proof and the undoing, and what is refused on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from q2c_pipeline.cli import app
from q2c_pipeline.orchestration import lookalikes, night
from q2c_pipeline.orchestration.acting import account
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.sandbox.systems import Systems
from q2c_pipeline.settings import load_settings
from q2c_pipeline_tests.scenarios.closing import changes, photographed
from q2c_pipeline_tests.scenarios.worlds import AS_OF

FAULTS = ("st01_status_never_updated", "st01_cancellation_not_told", "md07_customer_without_account", "md01_missing_in_ledger")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Systems]]:
    """A reconciled company with three breaks that can be repaired and one that is a task."""
    systems = build(5, accounts=25, months=5, as_of=AS_OF, faults=FAULTS)
    credentials = lookalikes.new_credentials()
    with lookalikes.serving(systems, credentials) as urls, pytest.MonkeyPatch.context() as patch:
        for name, value in credentials.items():
            patch.setenv(name, value)
        path = lookalikes.write_config(tmp_path_factory.mktemp("corrections"), urls)
        night.run_night(load_settings(path), AS_OF, lambda *_: None)
        yield path, systems


def q2c(path: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["corrections", *arguments, "--config", str(path)])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def ids(path: Path, control: str, status: str) -> list[str]:
    rows = q2c(path, "list", "--control", control, "--status", status, "--format", "csv")[1].splitlines()[1:]
    return [row.split(",", 1)[0] for row in rows]


def restricted(path: Path, roles: str) -> Path:
    """The same company where this account has just these roles."""
    other = path.with_name(f"{roles or 'nobody'}.toml")
    people = f"\n[policy.people.{account()}]\nroles = [{f'{roles!r}' if roles else ''}]\n"
    other.write_text(path.read_text(encoding="utf-8") + people, encoding="utf-8")
    return other


def test_from_the_list_to_the_proof_and_the_undoing(company: tuple[Path, Systems]) -> None:
    path, systems = company
    before = photographed(systems)

    assert len(ids(path, "ST01", "proposed")) == 2
    assert len(ids(path, "MD01", "task")) == 1
    (customer,) = ids(path, "MD07", "proposed")
    shown = q2c(path, "show", customer[:10])[1]
    assert "change: metadata.salesforce_account_id: empty -> 001" in shown
    assert "evidence: account" in shown

    code, text = q2c(path, "approve", "--control", "ST01")
    digest = re.search(r"--confirm (\w+)", text)
    assert (code, "2 corrections" in text) == (2, True)
    assert digest is not None
    assert "the set that was shown" in q2c(path, "approve", "--control", "ST01", "--confirm", "0" * 16)[1]
    assert q2c(path, "approve", "--control", "ST01", "--confirm", digest[1]) == (0, "2 approved and in the outbox\n")
    assert q2c(path, "approve", customer)[0] == 0

    code, text = q2c(path, "push")
    assert (code, "nothing is sent without --execute" in text) == (0, True)
    assert "PATCH /services/data/" in text
    assert "POST /v1/customers/" in text
    assert changes(before, systems) == {}

    assert q2c(path, "push", "--execute")[0] == 0
    assert {table for _, table, *_ in changes(before, systems)} == {"Order", "customer"}
    assert q2c(path, "push", "--execute") == (0, "nothing waits to be pushed\n")
    assert "pushed already" in q2c(path, "approve", customer)[1]

    night.run_night(load_settings(path), AS_OF + timedelta(days=1), lambda *_: None)
    assert ids(path, "MD07", "verified") == [customer]
    assert len(ids(path, "ST01", "verified")) == 2

    assert "it needs its own approval" in q2c(path, "compensate", customer, "--why", "wrong account")[1]
    (undo,) = ids(path, "MD07", "proposed")
    assert "another person than who proposed it" in q2c(path, "approve", undo)[1]
    assert q2c(path, "reject", undo, "--why", "it is right") == (0, "1 rejected\n")
    assert ids(path, "MD07", "acknowledged") == [customer]


def test_what_is_refused_says_what_to_do(company: tuple[Path, Systems]) -> None:
    path, _ = company
    (task,) = ids(path, "MD01", "task")
    assert "a task is done by a person" in q2c(path, "approve", task)[1]
    assert "q2c corrections list" in q2c(path, "show", "nonsense")[1]
    assert "expected one of" in q2c(path, "list", "--status", "open")[1]
    assert "expected a control, found 'MD1'" in " ".join(q2c(path, "list", "--control", "MD1")[1].split())
    assert "nothing to show" in q2c(path, "list", "--exception", "%")[1]
    assert "expected a reason" in q2c(path, "reject", task)[1]
    code, text = q2c(path, "retry", task)
    assert (code, "expected a correction that is" in text) == (1, True)


def test_without_the_role_nothing_is_decided_or_pushed(company: tuple[Path, Systems]) -> None:
    path, _ = company
    other = restricted(path, "auditor")
    found = ids(path, "MD01", "task")
    for arguments in (["push", "--execute"], ["compensate", found[0]]):
        code, text = q2c(other, *arguments)
        assert code == 1
        assert "ask somebody who has the role" in text
