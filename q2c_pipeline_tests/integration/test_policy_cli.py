"""`q2c policy` from outside: what is in force, and what a change would do to a night that has been."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from q2c_pipeline.cli import app
from q2c_pipeline.orchestration.lookalikes import INSTANCES, write_config
from q2c_pipeline_tests.scenarios.worlds import AS_OF, World, reconciled

FAULTS = ("bb04_price_drift", "bp01_not_posted", "md07_item_without_line")
Said = tuple[int, str, str]
Try = Callable[..., Any]


def q2c(config: Path, *arguments: str) -> Said:
    """`q2c policy`, without any credential in the environment: no system is asked."""
    cleared = {name: None for name in os.environ if name.startswith("Q2C_")}
    result = CliRunner().invoke(app, ["policy", *arguments, "--config", str(config)], env=cleared)
    assert "Traceback" not in result.output
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with reconciled(tmp_path_factory.mktemp("policy"), 1, FAULTS, accounts=20, months=4) as one:
        yield one


@pytest.fixture
def attempt(world: World, tmp_path: Path) -> Try:
    """Tries a change and gives the trial; nothing that was there may change."""

    def run(change: str) -> Any:
        file = tmp_path / "change.toml"
        file.write_text(change, encoding="utf-8")
        before = prints(world.settings.stores.root)
        code, out, err = q2c(world.settings.path, "test", "--policy", str(file), "--format", "json")
        assert code == 0, err
        assert prints(world.settings.stores.root) == before
        return json.loads(out)

    return run


def prints(folder: Path) -> dict[str, str]:
    """The digest of every file below a folder."""
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def brief(trial: Any, control: str) -> set[tuple[str, str]]:
    return {(row["change"], row["why"]) for row in trial["changes"] if row["control_id"] == control}


def test_nothing_changes_under_the_same_policy(attempt: Try) -> None:
    trial = attempt('version = "2"\n')
    assert trial["changes"] == []
    assert trial["old"] | {"version": "2"} == trial["new"]
    assert (trial["as_of"], trial["old"]["exceptions"]) == (AS_OF.isoformat(), len(FAULTS))


def test_a_tolerance_makes_a_break_disappear_and_says_why(attempt: Try) -> None:
    trial = attempt('[[tolerances]]\ncontrol = "BB04"\npercent = 100\n')
    assert brief(trial, "BB04") == {("disappears", "now tolerated by the rule for BB04")}
    assert {row["control_id"] for row in trial["changes"]} == {"BB04"}
    (row,) = trial["changes"]
    assert row["new_amount"] is None
    assert float(row["old_amount"]) != 0
    assert trial["new"]["exceptions"] == len(FAULTS) - 1
    assert trial["new"]["version"] == "change (candidate)"


@pytest.mark.long
def test_a_longer_grace_lets_a_break_be_in_flight(attempt: Try) -> None:
    assert brief(attempt("[grace]\nposting_days = 365\n"), "BP01") == {("disappears", "now in flight")}


def test_a_longer_grace_of_one_system_lets_its_break_be_in_flight(attempt: Try) -> None:
    rule = "[[grace_rules]]\ninstance = 'INSTANCE'\nposting_days = 365\n"
    assert brief(attempt(rule.replace("INSTANCE", "stripe_main")), "BP01") == {("disappears", "now in flight")}
    assert brief(attempt(rule.replace("INSTANCE", "sf_main")), "BP01") == set()


@pytest.mark.long
def test_another_proration_lets_breaks_appear(attempt: Try) -> None:
    trial = attempt('proration = "thirty_360"\n')
    appeared = [row for row in trial["changes"] if row["change"] == "appears"]
    assert appeared
    assert all(row["why"].startswith("until now") and row["old_amount"] is None for row in appeared)


def test_bands_and_materiality_change_what_an_exception_weighs_and_hide_nothing(attempt: Try) -> None:
    trial = attempt("[severity]\nhigh_amount = 0.01\ncritical_amount = 0.02\n[[materiality]]\namount = 100000000\n")
    with_money = [row for row in trial["changes"] if row["currency"]]
    assert {(row["change"], row["why"]) for row in with_money} == {("changes", "severity, materiality")}
    assert {(row["new_severity"], row["old_is_material"], row["new_is_material"]) for row in with_money} == {
        ("critical", True, False)
    }
    assert trial["new"]["exceptions"] == trial["old"]["exceptions"]
    assert trial["new"]["material"] == 0


@pytest.mark.long
def test_all_forms_tell_the_same(world: World, tmp_path: Path) -> None:
    file = tmp_path / "change.toml"
    file.write_text('[[tolerances]]\ncontrol = "BB04"\npercent = 100\n')
    arguments = ("test", "--policy", str(file), "--as-of", AS_OF.isoformat(), "--format")
    config = world.settings.path
    as_json = json.loads(q2c(config, *arguments, "json")[1])["changes"]
    (as_csv,) = csv.DictReader(q2c(config, *arguments, "csv")[1].splitlines())
    table = q2c(config, *arguments, "table")[1]
    assert [as_csv["subject_key"], as_csv["old_amount"]] == [as_json[0]["subject_key"], as_json[0]["old_amount"]]
    assert all(text in table for text in ("1 exception would change", "disappears", as_csv["subject_key"], "change (candidate)"))


def test_a_later_version_of_the_file_is_tried_without_naming_it(world: World) -> None:
    config, text = world.settings.path, world.settings.path.read_text()
    try:
        config.write_text(
            text
            + '[[policy_versions]]\nversion = "2"\neffective_from = 2026-07-01\n[policy_versions.grace]\nposting_days = 365\n'
        )
        code, out, err = q2c(config, "test", "-f", "json")
        shown = q2c(config, "show", "--as-of", "2026-07-01", "-f", "csv")[1]
        earlier = q2c(config, "show", "--as-of", "2026-06-30")[1]
    finally:
        config.write_text(text)
    assert code == 0, err
    assert json.loads(out)["new"]["version"] == "2"
    assert brief(json.loads(out), "BP01") == {("disappears", "now in flight")}
    assert 'grace.posting_days,365,"[[policy_versions]] version 2, from 2026-07-01"' in shown
    assert "grace.invoice_days,3,default" in shown
    assert earlier.startswith("version 1, in force on 2026-06-30, digest ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("[grace]\nposting_dys = 1\n", "change.toml: grace.posting_dys: expected a known key, found 'posting_dys'"),
        ("[grace]\nposting_dys = 1\n", "did you mean 'posting_days'?"),
        ('[[tolerances]]\ncontrol = "BB99"\npercent = 1\n', "change.toml.tolerances: expected a control id"),
        ("[policy.grace]\nposting_days = 1\n", "[grace] instead of [policy.grace]"),
        ("[severity]\nhigh_amount = 99999999\n", "high_amount not above critical_amount"),
        ("[grace\n", "expected valid TOML"),
        ("[grace]\nposting_days = true\n", "grace.posting_days: expected a number, found true"),
    ],
)
def test_a_wrong_change_is_told_what_is_wrong(world: World, tmp_path: Path, change: str, said: str) -> None:
    file = tmp_path / "change.toml"
    file.write_text(change)
    code, out, err = q2c(world.settings.path, "test", "--policy", str(file))
    assert (code, out) == (1, "")
    assert said in err


def test_a_change_that_begins_with_a_byte_order_mark_is_read(attempt: Try) -> None:
    assert brief(attempt("\ufeff[grace]\nposting_days = 365\n"), "BP01") == {("disappears", "now in flight")}


def test_a_day_of_which_nothing_was_delivered_is_not_tried(world: World, tmp_path: Path) -> None:
    (tmp_path / "change.toml").write_text("")
    for day in ("2020-01-01", "2026-09-01"):
        code, out, err = q2c(world.settings.path, "test", "--policy", str(tmp_path / "change.toml"), "--as-of", day)
        assert (code, out) == (1, "")
        assert "of which systems were asked" in err


def test_help_and_error_name_the_file_of_the_change(world: World) -> None:
    assert "policy_versions" in CliRunner().invoke(app, ["policy", "test", "--help"]).output
    assert "name the file" in q2c(world.settings.path, "test", "--policy", "absent.toml")[2]


def test_nothing_to_try(world: World, tmp_path: Path) -> None:
    assert "add one, or name a file" in q2c(world.settings.path, "test")[2]
    config = write_config(tmp_path, dict.fromkeys(INSTANCES, "http://127.0.0.1:1"))
    (tmp_path / "change.toml").write_text("")
    code, _, err = q2c(config, "test", "--policy", str(tmp_path / "change.toml"))
    assert code == 1
    assert "run `q2c nightly` first" in err
