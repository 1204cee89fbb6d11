"""`q2c identity` from outside: a file of pairs, and the records of a published file with people's decisions."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from q2c_pipeline.cli import app
from q2c_pipeline.engine.publishing import publish
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.engine.sqlfiles import load
from q2c_pipeline.orchestration.lookalikes import INSTANCES, new_credentials, write_config
from q2c_pipeline.settings import load_settings

AS_OF = date(2026, 6, 30)
URLS = dict.fromkeys(INSTANCES, "http://127.0.0.1:1")


def q2c(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["identity", *arguments], env={"Q2C_CONFIG": None})
    assert "Traceback" not in result.output
    return result.exit_code, result.output


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in new_credentials().items():
        monkeypatch.setenv(name, value)
    path = write_config(tmp_path, URLS)
    settings = load_settings(path)
    instances = settings.policy_frames(AS_OF)["instance"]
    crm, erp = (instances.filter(role=role)["instance"][0] for role in ("crm", "erp"))
    rows = [(crm, "1", "Acme Ltd", "AC-1"), (erp, "7", "Acme Ltd", "AC-7"), (erp, "8", "ACME Limited", "AC-8")]
    frame = pl.DataFrame(rows, schema=["instance", "source_id", "account_name", "account_number"], orient="row").with_columns(
        as_of=pl.lit(AS_OF),
        is_deleted=pl.lit(False),  # noqa: FBT003
    )
    with Warehouse() as warehouse:
        warehouse.append("policy.instance", instances)
        warehouse.append("mapped.account", frame)
        warehouse.run_all([file for file in load() if file.name in ("canonical.account", "claim.account")], {"as_of": AS_OF})
        publish(warehouse, settings.stores.published)
    return str(path)


def test_scores_come_as_table_csv_and_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "pairs.csv"
    path.write_text("left_name,right_name\n=IBM,International Business Machines\n", encoding="utf-8")
    assert "stands for" in q2c("score", str(path))[1]
    code, text = q2c("score", str(path), "--format", "csv")
    row = next(csv.DictReader(io.StringIO(text)))
    assert (code, row["left_name"], row["decision"]) == (0, "'=IBM", "same")
    assert json.loads(q2c("score", str(path), "--format", "json")[1])[0]["score"] > 0.9


def test_a_file_without_the_columns_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "pairs.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    code, text = q2c("score", str(path))
    assert code == 1
    assert "found a, b" in " ".join(text.split())


def test_uncertain_pairs_wait_for_a_person_and_go_when_judged(config: str) -> None:
    listed = json.loads(q2c("review", "--format", "json", "--config", config)[1])
    assert {row["left_name"] for row in listed} == {"Acme Ltd", "ACME Limited"}
    pairs = [(row["left_key"], row["right_key"]) for row in listed]
    for one, other in pairs:
        code, text = q2c("judge", one, other, "different", "--why", "asked them", "--config", config)
        assert code == 0, text
    assert json.loads(q2c("review", "--format", "json", "--config", config)[1]) == []
    for pair in pairs:
        q2c("judge", *pair, "withdrawn", "--why", "wrong file", "--config", config)
    assert json.loads(q2c("review", "--format", "json", "--config", config)[1]) == listed


def test_a_record_that_is_not_there_cannot_be_judged(config: str) -> None:
    code, text = q2c("judge", "sf:none", "7", "same", "--why", "x", "--config", config)
    assert code == 1
    assert "expected a customer record" in " ".join(text.split())
