"""Outcomes as Dagster shows them, and assertions as asset checks."""

from __future__ import annotations

from typing import Any

import dagster as dg
import polars as pl
import pytest

from q2c_pipeline.engine.sqlfiles import SqlFile
from q2c_pipeline.orchestration.checks import assertion_check, check_result
from q2c_pipeline.quality.outcome import Outcome, Weight


@pytest.mark.parametrize(
    ("weight", "severity"),
    [
        (Weight.WARNING, dg.AssetCheckSeverity.WARN),
        (Weight.ERROR, dg.AssetCheckSeverity.ERROR),
        (Weight.STOP, dg.AssetCheckSeverity.ERROR),
    ],
)
def test_weights_are_severities(weight: Weight, severity: dg.AssetCheckSeverity) -> None:
    assert check_result(Outcome("c", "a.b", is_ok=False, says="s", weight=weight)).severity is severity


def test_a_failed_check_shows_facts_and_masked_examples() -> None:
    sample = pl.DataFrame({"record": ["secret"], "document_number": ["INV-1"]})
    result = check_result(Outcome("c", "canonical.invoice", is_ok=False, says="s", facts={"breaking_rows": 1}, sample=sample))
    assert not result.passed
    assert result.asset_key == dg.AssetKey(["canonical", "invoice"])
    assert result.metadata["breaking rows"].value == 1
    assert "INV-1" in str(result.metadata["examples"].value)
    assert "secret" not in str(result.metadata["examples"].value)


def test_a_check_that_could_not_run_says_so() -> None:
    assert check_result(Outcome("c", "a.b", is_ok=False, says="s", problem="no such column")).description == (
        "could not be checked: no such column"
    )


@pytest.mark.parametrize(("severity", "blocking"), [("warning", False), ("error", False), ("stop", True)])
def test_an_assertion_is_a_check_of_the_latest_table_it_reads(severity: str, blocking: bool) -> None:  # noqa: FBT001
    header = {"says": "s", "severity": severity}
    sql = "select a.id from canonical.a as a inner join grid.b as b on a.id = b.id"
    check = assertion_check(SqlFile("x.sql", "assertion", "x", 90, header, sql), {"canonical.a": 10, "grid.b": 40})
    (spec,) = check.check_specs
    assert spec.asset_key == dg.AssetKey(["grid", "b"])
    assert spec.blocking is blocking
    others: Any = {dep.asset_key for dep in spec.additional_deps}
    assert others == {dg.AssetKey(["canonical", "a"])}
