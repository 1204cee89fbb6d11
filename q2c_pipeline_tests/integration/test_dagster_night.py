"""Whole nights through Dagster against look-alikes over HTTP: a good one, one with a system down, one with bad rows stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.errors import ContractError
from q2c_pipeline.orchestration import lookalikes
from q2c_pipeline.orchestration.home import dagster_instance
from q2c_pipeline.orchestration.jobs import run_nightly_job
from q2c_pipeline.orchestration.night import NightResult, open_warehouse
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline_tests.scenarios.worlds import AS_OF

pytestmark = pytest.mark.long
CREDENTIALS = lookalikes.new_credentials()


@dataclass(frozen=True)
class Night:
    """A finished night: its settings, its result, and what was heard while it ran."""

    settings: Settings
    result: NightResult
    heard: list[tuple[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("company")


@pytest.fixture(scope="module")
def served() -> Iterator[lookalikes.Served]:
    with lookalikes.serving_here(lookalikes.Plan(5, 25, 4, AS_OF, ("bb06_period_skipped",)), CREDENTIALS) as systems:
        yield systems


@pytest.fixture(scope="module")
def night(folder: Path, served: lookalikes.Served) -> Night:
    """One night of a company in which a period was not billed."""
    settings = load_settings(lookalikes.write_config(folder, served.urls), CREDENTIALS)
    heard: list[tuple[str, str]] = []
    return Night(settings, run_nightly_job(settings, AS_OF, lambda phase, what: heard.append((phase, what))), heard)


def checks_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dict[str, bool]:
    """Every check of a run as asset:check, and whether it held."""
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    found = {}
    for record in instance.get_records_for_run(run.run_id, of_type=kind).records:
        event = record.event_log_entry.dagster_event
        assert event is not None
        evaluation = event.asset_check_evaluation_data
        found[f"{evaluation.asset_key.to_user_string()}:{evaluation.check_name}"] = evaluation.passed
    return found


def test_everything_is_made_and_told(night: Night) -> None:
    result = night.result
    assert result.blocked == []
    assert {manifest.instance for manifest in result.manifests} == {"sf_main", "stripe_main", "netsuite_main"}
    assert len(result.loaded) == len(result.manifests)
    assert {"recon.bridge", "control.finding", "mart.run_summary"} <= {table.name for table in result.tables}
    assert result.published == night.settings.stores.published
    assert {name for name, path in result.outcomes.items() if path.is_file()} == {"workbook", "report"}
    phases = {"extract", "load", "transform", "publish", "cases", "corrections", "report", "alerts"}
    assert {phase for phase, _ in night.heard} == phases


def test_what_was_planted_is_found(night: Night, served: lookalikes.Served) -> None:
    planted = {(truth.control_id, truth.subject_key) for truth in served.truth}
    with open_published(night.settings.stores.published) as published:
        found = published.query("select control_id, subject_key from recon.exception")
    assert set(found.iter_rows()) == planted


def test_the_ui_has_the_run_with_its_checks_and_pictures(night: Night) -> None:
    with dagster_instance(night.settings) as instance:
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert run.tags["q2c/as_of"] == AS_OF.isoformat()
        checks = checks_of(instance, run)
        bridge = instance.get_latest_materialization_event(dg.AssetKey(["recon", "bridge"]))
    assert [name for name, held in checks.items() if not held] == []
    assert {"canonical/invoice:net_of_header_equals_lines", "mapped/posting:contract", "recon/bridge:bridge_sums"} <= set(checks)
    assert bridge is not None
    assert bridge.asset_materialization is not None
    metadata = bridge.asset_materialization.metadata
    assert "BB06" in str(metadata["bridge"].value)
    assert "dagster/column_lineage" in metadata
    assert (night.settings.stores.reports / "data_docs" / "index.html").is_file()


def test_a_system_that_refuses_is_left_out_and_the_run_ends_red(tmp_path: Path, served: lookalikes.Served, night: Night) -> None:
    assert night.result.blocked == []
    wrong = {**CREDENTIALS, lookalikes.variable("netsuite_main", "token_secret"): "wrong"}
    settings = load_settings(lookalikes.write_config(tmp_path, served.urls), wrong)
    result = run_nightly_job(settings, AS_OF, lambda *_: None)
    assert [type(error).__name__ for error in result.blocked] == ["SourceError"]
    assert {manifest.instance for manifest in result.manifests} == {"sf_main", "stripe_main"}
    assert result.published is not None
    assert set(result.outcomes) == {"workbook", "report"}
    with dagster_instance(settings) as instance:
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.FAILURE
        checks = checks_of(instance, run)
    broken = {name for name, held in checks.items() if not held}
    assert {"landing/batch:merged_netsuite_main", "outcomes/report:every_instance_refreshed"} <= broken
    assert {name.split(":")[0].split("/")[1] for name in broken if name.endswith(":complete")} == {"netsuite_main"}
    assert checks["landing/batch:merged_sf_main"]


def test_rows_that_break_a_contract_stop_the_run_before_anything_is_made_of_them(night: Night) -> None:
    before = night.settings.stores.published.stat().st_mtime_ns
    with open_warehouse(night.settings, AS_OF) as warehouse:
        warehouse.connection.execute("update mapped.payment set payment_status = 'frozen' where payment_kind = 'payment'")
    with pytest.raises(ContractError, match="every check that stops a run"):
        run_nightly_job(night.settings, AS_OF, lambda *_: None)
    assert night.settings.stores.published.stat().st_mtime_ns == before
