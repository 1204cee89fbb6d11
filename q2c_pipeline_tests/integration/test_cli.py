"""The command line from outside: one served company, one night over HTTP, then every question that can be asked of it."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from secrets import token_urlsafe

import pytest
from typer.testing import CliRunner

from q2c_pipeline.cli import app
from q2c_pipeline.orchestration import demo, lookalikes
from q2c_pipeline.orchestration.lookalikes import Plan, new_credentials, serving_here, write_config
from q2c_pipeline.sandbox.systems import Truth
from q2c_pipeline.settings import load_settings
from q2c_pipeline_tests.receivers import web_receiver

PLAN = Plan(
    seed=3,
    accounts=30,
    months=3,
    as_of=date(2026, 6, 30),
    faults=lookalikes.chosen_faults("bb06_period_skipped,bb06_billing_stopped,bp01,md07"),
)
CHANNEL = '[policy.alerts.channels.everyone]\nurl = "env:Q2C_ALERTS_EVERYONE"\n'
HEAVY = {"dagster", "duckdb", "polars", "pydantic", "sqlalchemy"}


@dataclass(frozen=True)
class Company:
    """A served company after its first night."""

    config: Path
    credentials: dict[str, str]
    truth: list[Truth]
    night: str
    progress: str
    told: str


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str


def q2c(*arguments: str, **environ: str) -> Said:
    """Run the command in this process, with nothing of the caller's Q2C variables."""
    cleared = {name: None for name in os.environ if name.startswith("Q2C_")}
    result = CliRunner().invoke(app, list(arguments), env={**cleared, **environ})
    assert "Traceback" not in result.output
    return Said(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder, credentials = tmp_path_factory.mktemp("company"), new_credentials()
    with serving_here(PLAN, credentials) as served, web_receiver() as web:
        credentials["Q2C_ALERTS_EVERYONE"] = f"json://127.0.0.1:{web.port}/{token_urlsafe()}"
        config = write_config(folder, served.urls)
        config.write_text(config.read_text() + CHANNEL)
        said = q2c("nightly", "--as-of", "2026-06-30", "--config", str(config), **credentials)
        assert said.code == 0, said.err
        yield Company(config, credentials, served.truth, said.out, said.err, " ".join(one["message"] for one in web.bodies))


class TestNight:
    def test_what_was_planted_is_found_to_the_cent(self, company: Company) -> None:
        compared = demo.compare_published(load_settings(company.config, {}), company.truth)
        assert company.truth
        assert [one for one in compared if not one.agrees] == []

    def test_the_summary_names_controls_bridge_and_places(self, company: Company) -> None:
        assert {
            word for word in ("BB06", "BP01", "MD07", "unexplained", "workbook", "dagster-webserver") if word in company.night
        } == {
            "BB06",
            "BP01",
            "MD07",
            "unexplained",
            "workbook",
            "dagster-webserver",
        }
        assert "0 of" in company.night

    def test_people_are_told_of_what_is_new(self, company: Company) -> None:
        assert "told on everyone" in company.progress
        assert [control for control in ("BB06", "BP01", "MD07") if control not in company.told] == []

    def test_no_secret_reaches_output_or_stores(self, company: Company) -> None:
        secrets = [value for name, value in company.credentials.items() if not name.endswith("ACCOUNT")]
        texts = [company.night, company.progress, company.config.read_text()]
        texts += [path.read_text() for path in company.config.parent.rglob("*.json")]
        assert not [secret for secret in secrets for text in texts if secret in text]

    def test_report_is_built_again(self, company: Company) -> None:
        said = q2c("report", "--config", str(company.config))
        assert said.code == 0
        written = list((company.config.parent / "data" / "reports").glob("q2c-2026-06-30.*"))
        assert sorted(path.suffix for path in written) == [".html", ".xlsx"]

    def test_check_finds_nothing_wrong(self, company: Company) -> None:
        said = q2c("check", "--config", str(company.config), **company.credentials)
        assert (said.code, said.out.splitlines()[-1]) == (0, "all is well")


class TestQuestions:
    def test_the_list_says_what_each_answers(self) -> None:
        said = q2c("sql")
        assert said.code == 0
        assert "unbilled_periods" in said.out

    def test_csv_and_json_hold_the_same_rows(self, company: Company) -> None:
        config = str(company.config)
        as_json = json.loads(q2c("sql", "unbilled_periods", "-f", "json", "-c", config).out)
        as_csv = list(csv.DictReader(q2c("sql", "unbilled_periods", "-f", "csv", "-c", config).out.splitlines()))
        assert as_json
        assert as_csv == as_json

    def test_a_parameter_is_bound_and_never_part_of_the_statement(self, company: Company) -> None:
        subject = next(one.subject_key for one in company.truth if one.control_id == "BB06")
        arguments = ("sql", "contract_line_history", "-f", "json", "-c", str(company.config), "-p")
        assert "BB06" in {row["cause"] for row in json.loads(q2c(*arguments, f"subject={subject}").out)}
        assert json.loads(q2c(*arguments, "subject=' or 1=1 --").out) == []

    def test_trace_shows_all_systems_and_what_is_wrong(self, company: Company) -> None:
        subject = next(one.subject_key for one in company.truth if one.control_id == "BB06")
        said = q2c("trace", subject.lower(), "-c", str(company.config))
        assert said.code == 0
        assert {word for word in ("sf_main", "stripe_main", "netsuite_main", "BB06") if word in said.out} == {
            "sf_main",
            "stripe_main",
            "netsuite_main",
            "BB06",
        }

    def test_an_exception_is_explained_from_the_beginning_of_its_id(self, company: Company) -> None:
        config = str(company.config)
        found = json.loads(q2c("sql", "exceptions_by_queue", "-f", "json", "-c", config).out)
        one = next(row for row in found if row["control_id"] == "BB06")
        said = q2c("explain", one["exception_id"][:10], "-c", config)
        assert said.code == 0
        assert all(
            text in said.out for text in (one["subject_key"], one["exception_id"], "Expected", "Proof", "Repair", "due 20")
        )

    @pytest.mark.parametrize(
        ("arguments", "advice"),
        [
            (("explain", "0123456789ab"), "q2c exceptions list"),
            (("sql", "unbilled_perods"), "did you mean 'unbilled_periods'"),
            (("sql", "contract_line_history"), "add --param subject="),
            (("sql", "contract_line_history", "-p", "subjct=1"), "did you mean 'subject'"),
            (("sql", "contract_line_history", "-p", "subject"), "name=value"),
            (("trace", "INV-XX-1"), "INV-"),
        ],
    )
    def test_a_wrong_question_is_answered_with_advice(self, company: Company, arguments: tuple[str, ...], advice: str) -> None:
        said = q2c(*arguments, "--config", str(company.config))
        assert said.code == 1
        assert advice in said.err


class TestWrongInput:
    @pytest.mark.parametrize(
        ("arguments", "advice"),
        [
            (("nightly", "--as-of", "2026-13-01"), "2026-06-30"),
            (("nightly", "--as-of", "2999-01-01"), "a day that is over"),
            (("demo", "--faults", "bb99"), "did you mean 'bb09'"),
            (("demo", "--size", "1"), "or equal to 20"),
            (("sql", "--format", "xml"), "table"),
            (("nigtly",), "nightly"),
        ],
    )
    def test_usage(self, company: Company, arguments: tuple[str, ...], advice: str) -> None:
        said = q2c(*arguments, Q2C_CONFIG=str(company.config))
        assert said.code != 0
        assert advice in said.err

    @pytest.mark.parametrize("command", [("nightly",), ("check",), ("report",), ("sql", "unbilled_periods"), ("trace", "X")])
    def test_no_configuration(self, tmp_path: Path, command: tuple[str, ...]) -> None:
        said = q2c(*command, "--config", str(tmp_path / "q2c.toml"))
        assert said.code == 1
        assert "copy q2c.example.toml" in said.err
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("command", [("report",), ("sql", "unbilled_periods"), ("trace", "X")])
    def test_nothing_published(self, tmp_path: Path, company: Company, command: tuple[str, ...]) -> None:
        config = tmp_path / "q2c.toml"
        config.write_text(company.config.read_text())
        said = q2c(*command, "--config", str(config))
        assert said.code == 1
        assert "run `q2c nightly` first" in said.err
        assert [path.name for path in tmp_path.rglob("*")] == ["q2c.toml"]

    def test_check_names_every_problem_with_its_cure(self, tmp_path: Path, company: Company) -> None:
        config = tmp_path / "q2c.toml"
        config.write_text(company.config.read_text())
        (tmp_path / "data").write_text("in the way")
        wrong = {name: "wrong" if name.endswith("API_KEY") else value for name, value in company.credentials.items()}
        del wrong["Q2C_SF_MAIN_CONSUMER_SECRET"]
        said = q2c("check", "--config", str(config), **wrong)
        assert said.code == 1
        assert "export Q2C_SF_MAIN_CONSUMER_SECRET" in said.out
        assert "BAD  stripe_main" in said.out
        assert "BAD  store landing" in said.out
        assert "netsuite_main: login" in said.out

    def test_demo_leaves_other_peoples_folders_alone(self, tmp_path: Path) -> None:
        (tmp_path / "precious").write_text("x")
        said = q2c("demo", "--workdir", str(tmp_path))
        assert said.code == 1
        assert "--workdir" in said.err
        assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_help_answers_without_loading_the_pipeline() -> None:
    code = f"import sys, q2c_pipeline.cli; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unexpected_failure_is_short_and_leaves_its_details(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        message = "surprise"
        raise ValueError(message)

    monkeypatch.setattr("q2c_pipeline.settings.load_settings", fail)
    said = q2c("check")
    assert said.code == 1
    log = Path(said.err.split("Details are in ")[1].split(".log")[0] + ".log")
    assert "surprise" in said.err
    assert "Traceback" in log.read_text()
    log.unlink()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/data/night.lock"), "/data/night.lock: expected files"),
        (OSError(errno.ENOSPC, "No space left on device"), "found No space left on device"),
        (sqlite3.OperationalError("database or disk is full"), "found database or disk is full"),
    ],
)
def test_what_the_machine_refuses_is_said_with_a_cure(monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    def fail(*_: object) -> None:
        message = "told by a library in words of its own"
        raise RuntimeError(message) from error

    monkeypatch.setattr("q2c_pipeline.settings.load_settings", fail)
    refused = q2c("check")
    assert refused.code == 1
    assert said in refused.err
    assert "see to permissions and free space" in refused.err
    assert "unexpected failure" not in refused.err


def test_bytes_that_are_no_text_are_refused_before_anything_is_read() -> None:
    refused = q2c("exceptions", "comment", "abc", "--why", "caf\udce9")
    assert refused.code == 2
    assert "expected text in UTF-8, found caf\\udce9" in refused.err


@pytest.mark.long
def test_the_demonstration_finds_exactly_what_it_planted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "q2c_pipeline.cli", "demo", "--size", "60", "--months", "6", "--workdir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "differences agree in control, subject and amount" in done.stdout


@pytest.mark.long
def test_the_demonstration_closes_the_loop(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "q2c_pipeline.cli",
        "demo",
        "--size",
        "20",
        "--months",
        "4",
        "--faults",
        "md07,st01",
        "--repair",
    ]
    done = subprocess.run([*command, "--workdir", str(tmp_path / "demo")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    counts = re.search(r"the next night: (\d+) exceptions before, (\d+) after", done.stdout)
    assert counts is not None
    before, after = map(int, counts.groups())
    assert before > after
    assert f"{before - after} verified" in done.stdout
