"""`q2c exceptions`, `q2c audit` and `q2c state` from outside, on a store that a night has filled."""

from __future__ import annotations

import json
import os
import pwd
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from q2c_pipeline.cli import app
from q2c_pipeline.domain.people import Queue
from q2c_pipeline.orchestration.lookalikes import INSTANCES, write_config
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.settings import load_settings
from q2c_pipeline_tests.unit.exceptions.company import finding, reconcile

ME = pwd.getpwuid(os.getuid()).pw_name
LONG_AGO = datetime.now(UTC).date() - timedelta(days=60)
TOMORROW = str(datetime.now(UTC).date() + timedelta(days=2))
FOUND = [finding(), finding("line 2", severity="high"), finding("ledger", queue=Queue.FINANCE_OPERATIONS)]
ONE = FOUND[0].exception_id


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """The message, however it was folded."""
        return " ".join(self.err.split())


@pytest.fixture
def q2c(tmp_path: Path) -> Callable[..., Said]:
    """The command on a company whose store has three exceptions of a night two months ago."""
    config = write_config(tmp_path, dict.fromkeys(INSTANCES, "http://127.0.0.1:1"))
    with state_of(load_settings(config, {})) as state:
        reconcile(state, LONG_AGO, FOUND)

    def run(*arguments: str) -> Said:
        cleared = {name: None for name in os.environ if name.startswith("Q2C_")}
        result = CliRunner().invoke(app, [*arguments, "--config", str(config)], env=cleared)
        assert "Traceback" not in result.output
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


def people(tmp_path: Path, *roles: str) -> None:
    """Give whoever runs the tests these roles, and a colleague in tax."""
    file = tmp_path / "q2c.toml"
    named = f'\n[policy.people."{ME}"]\nroles = {json.dumps(roles)}\n[policy.people.tess]\nroles = ["tax"]\n'
    file.write_text(file.read_text(encoding="utf-8") + named, encoding="utf-8")


def test_exceptions_are_listed_and_filtered_in_every_form(q2c: Callable[..., Said]) -> None:
    listed = json.loads(q2c("exceptions", "list", "--format", "json").out)
    assert [row["severity"] for row in listed] == ["high", "medium", "medium"]
    assert listed[0]["age_days"] >= 59
    assert listed[0]["is_overdue"] is True
    assert len(json.loads(q2c("exceptions", "list", "--queue", "finance_operations", "--format", "json").out)) == 1
    assert json.loads(q2c("exceptions", "list", "--mine", "--format", "json").out) == []
    assert q2c("exceptions", "list", "--severity", "high", "--overdue", "--format", "csv").out.count("\n") == 2
    assert "line 2" in q2c("exceptions", "list").out


def test_what_is_misspelt_is_refused_because_nothing_found_would_read_as_all_well(q2c: Callable[..., Said]) -> None:
    for arguments, said in {("--control", "BB4"): "did you mean 'BB04'?", ("--entity", "us"): "did you mean 'US'?"}.items():
        refused = q2c("exceptions", "list", *arguments)
        assert refused.code == 2
        assert said in " ".join(refused.told.replace("│", " ").split())
    empty = q2c("exceptions", "list", "--control", "bb17")
    assert (empty.code, empty.out, empty.err) == (0, "nothing to show\n", "")  # a name for acting on nothing helps nobody


def test_queues_say_what_waits_and_how_old_it_is(q2c: Callable[..., Said]) -> None:
    rows = json.loads(q2c("exceptions", "queues", "--format", "json").out)
    assert [(row["queue"], row["exceptions"], row["overdue"]) for row in rows] == [
        ("finance_operations", 1, 1),
        ("revenue_operations", 2, 2),
    ]


def test_the_way_of_one_exception(q2c: Callable[..., Said]) -> None:
    for arguments in (
        ("assign", ONE[:10], "--to", ME),
        ("start", ONE),
        ("comment", ONE, "--why", "asked the customer"),
        ("resolve", ONE, "--why", "credited"),
        ("reopen", ONE, "--why", "the credit was void"),
        ("waive", ONE, "--why", "under 300", "--until", TOMORROW),
    ):
        assert q2c("exceptions", *arguments).code == 0, arguments
    shown = q2c("exceptions", "show", ONE[:10]).out
    assert all(word in shown for word in ("asked the customer", "credited", "under 300", "waived", ME))
    assert q2c("audit", "verify").code == 0


def test_all_of_a_set_that_was_looked_at_and_none_of_one_that_changed(q2c: Callable[..., Said]) -> None:
    name = re.findall(r"--confirm (\w+)", q2c("exceptions", "list", "--queue", "revenue_operations").told)[0]
    everyone = ("exceptions", "assign", "--to", ME, "--queue", "revenue_operations")
    assert "run `q2c exceptions list`" in q2c(*everyone).told
    q2c("exceptions", "comment", ONE, "--why", "wait")
    refused = q2c(*everyone, "--confirm", name)
    assert (refused.code, "another set" in refused.told) == (1, True)
    assert json.loads(q2c("exceptions", "list", "--mine", "--format", "json").out) == []
    name = re.findall(r"--confirm (\w+)", q2c("exceptions", "list", "--queue", "revenue_operations").told)[0]
    assert q2c(*everyone, "--confirm", name).code == 0
    assert len(json.loads(q2c("exceptions", "list", "--mine", "--format", "json").out)) == 2


def test_one_refusal_among_many_is_told_and_the_others_are_done(q2c: Callable[..., Said], tmp_path: Path) -> None:
    people(tmp_path, "revenue_operations")
    said = q2c("exceptions", "start", ONE, FOUND[2].exception_id, "--format", "json")
    assert said.code == 1
    assert [row["result"] for row in json.loads(said.out)] == ["done", "refused"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("exceptions", "waive", ONE, "--why", "small", "--until", TOMORROW), "one of the roles"),
        (("exceptions", "assign", ONE, "--to", "tess"), "one of the roles"),
        (("exceptions", "assign", ONE, "--to", "nobody"), "somebody named under [policy.people]"),
        (("audit", "show"), "one of the roles"),
        (("state", "backup", "somewhere.sqlite"), "one of the roles"),
    ],
)
def test_what_the_role_does_not_permit_is_refused(
    q2c: Callable[..., Said], tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    people(tmp_path, "revenue_operations")
    said = q2c(*arguments)
    assert said.code == 1
    assert told in " ".join((said.err + said.out).split())


def test_a_waiver_needs_reason_and_end(q2c: Callable[..., Said]) -> None:
    assert q2c("exceptions", "waive", ONE, "--why", "small").code == 2
    assert q2c("exceptions", "waive", ONE, "--until", TOMORROW).code == 2
    assert q2c("exceptions", "waive", ONE, "--why", " ", "--until", TOMORROW).code == 1
    assert q2c("exceptions", "waive", ONE, "--why", "small", "--until", "2099-01-01").code == 1
    assert json.loads(q2c("exceptions", "list", "--status", "waived", "--format", "json").out) == []


def test_merge_and_split(q2c: Callable[..., Said]) -> None:
    lead = FOUND[1].exception_id
    assert q2c("exceptions", "merge", ONE, "--into", lead, "--why", "one price").code == 0
    assert f"with {ONE}" in q2c("exceptions", "show", lead).out
    assert q2c("exceptions", "split", ONE, "--why", "not the same").out.strip() == f"{ONE} is open"


def test_a_row_of_the_audit_log_that_was_edited_by_hand_is_named(q2c: Callable[..., Said], tmp_path: Path) -> None:
    q2c("exceptions", "start", ONE)
    holds = q2c("audit", "verify").out
    head = re.findall(r"head (\d+:\w+)", holds)[0]
    assert q2c("audit", "verify", "--expect", head).code == 0
    assert "exception.started" in q2c("audit", "show", "--last", "1", "--format", "json").out
    with sqlite3.connect(tmp_path / "data/state/state.sqlite") as connection:
        connection.execute("drop trigger audit_entry_no_update")
        connection.execute("update audit_entry set who = 'mallory' where entry_number = 2")
    said = q2c("audit", "verify")
    assert said.code == 1
    assert re.search(r"broken at entry 2: its content was changed .* expected \w{64}, found \w{64}", said.told)
    assert q2c("audit", "verify", "--expect", "nonsense").code == 2


def test_backup_and_restore(q2c: Callable[..., Said], tmp_path: Path) -> None:
    q2c("exceptions", "start", ONE)
    backup = str(tmp_path / "backup.sqlite")
    assert "3 exception_case" in q2c("state", "backup", backup).out
    refused = q2c("state", "restore", backup)
    assert (refused.code, "expected an empty state store" in refused.told) == (1, True)
    for file in (tmp_path / "data/state").iterdir():
        file.unlink()
    assert "the audit log holds" in q2c("state", "restore", backup).out
    assert json.loads(q2c("exceptions", "list", "--mine", "--format", "json").out)[0]["exception_id"] == ONE
    assert "state store of version" in q2c("state", "check").out


def test_a_store_of_a_newer_version_is_refused(q2c: Callable[..., Said], tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data/state/state.sqlite") as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    said = q2c("exceptions", "list")
    assert (said.code, "found version 9999" in said.told) == (1, True)


def test_a_look_at_an_older_store_changes_nothing_and_names_the_command(q2c: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "data/state/state.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("alter table alert drop column claimed_until")
        connection.execute("alter table exception_case drop column waived_amount")
        connection.execute("update alembic_version set version_num = '0004'")
    for look in (("state", "check"), ("audit", "verify")):
        said = q2c(*look)
        assert (said.code, said.out) == (1, "state store of version 0004\n")
        assert "`q2c state upgrade` brings it up to date; nothing was proved of it, and nothing was changed" in said.told
    with sqlite3.connect(file) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == ("0004",)
    assert "the audit log holds" in q2c("state", "upgrade").out
    assert q2c("state", "check").code == 0


def test_a_look_where_there_is_no_store_makes_none(q2c: Callable[..., Said], tmp_path: Path) -> None:
    for file in (tmp_path / "data/state").iterdir():
        file.unlink()
    assert "there is no state store yet" in q2c("state", "check").out
    assert not (tmp_path / "data/state/state.sqlite").exists()
