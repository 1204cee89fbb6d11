"""The way in: what is repeated, what leaves an instance out, what stops the run, and what is only a warning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pytest

from q2c_pipeline.errors import ContractError, Q2CError, SourceError, SourceUnavailableError
from q2c_pipeline.landing.manifest import Check, Manifest, Window
from q2c_pipeline.orchestration import intake, readers
from q2c_pipeline.orchestration.intake import landing_assets, mapped_assets
from q2c_pipeline.orchestration.night import NightResult
from q2c_pipeline.orchestration.resources import Night
from q2c_pipeline.settings import Settings, load_settings

DAY = date(2026, 6, 30)
FACTS = {"expected": "an answer", "found": "none", "where": "sf_main", "next_step": "wait"}
ACCOUNT = dg.AssetKey(["landing", "sf_main", "Account"])
SECRETS = {"Q2C_SF_CONSUMER_KEY": "k", "Q2C_SF_CONSUMER_SECRET": "s"}


@pytest.fixture
def night(settings: Settings) -> Iterator[Night]:
    opened = load_settings(settings.path, SECRETS)
    with Night(opened, DAY, NightResult(DAY), lambda *_: None).opened() as tonight:
        yield tonight


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without waiting."""
    monkeypatch.setattr(intake, "RETRIES", dg.RetryPolicy(max_retries=2, delay=0))


def manifest(object_name: str, *checks: Check) -> Manifest:
    window = Window(None, datetime(2026, 7, 1, tzinfo=UTC))
    return Manifest("b1", "sf_main", "salesforce", object_name, 1, DAY, window, "f", 7, ("Id",), "x", "y", checks)


def extracted(monkeypatch: pytest.MonkeyPatch, night: Night, answers: list[Q2CError | Manifest]) -> dg.ExecuteInProcessResult:
    """Run the extraction of one object; each call meets the next answer."""

    def answer(*arguments: Any) -> None:
        on_landed: Callable[[Manifest], None] = arguments[4]
        given = answers.pop(0)
        if isinstance(given, Q2CError):
            raise given
        on_landed(given)

    monkeypatch.setattr(readers, "extract_instance", answer)
    configured = night.settings.instances[0]
    return dg.materialize([landing_assets(configured)], selection=[ACCOUNT], resources={"night": night}, raise_on_error=False)


def complete(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = result.get_asset_check_evaluations()
    return found


def test_a_system_that_answers_the_second_time_is_read(monkeypatch: pytest.MonkeyPatch, night: Night) -> None:
    result = extracted(monkeypatch, night, [SourceUnavailableError(**FACTS), manifest("Account")])
    assert result.success
    assert complete(result).passed
    assert [one.object_name for one in night.result.manifests] == ["Account"]
    (event,) = result.asset_materializations_for_node("extract_sf_main")
    assert event.metadata["dagster/row_count"].value == 7


def test_a_system_that_never_answers_is_left_out(monkeypatch: pytest.MonkeyPatch, night: Night) -> None:
    answers: list[Q2CError | Manifest] = [SourceUnavailableError(**FACTS) for _ in range(3)]
    result = extracted(monkeypatch, night, answers)
    assert result.success, "the others go on"
    assert answers == []
    assert not complete(result).passed
    assert complete(result).severity is dg.AssetCheckSeverity.ERROR
    assert night.result.unread == {"sf_main"}
    assert len(night.result.blocked) == 1


def test_a_refusal_is_not_repeated(monkeypatch: pytest.MonkeyPatch, night: Night) -> None:
    answers: list[Q2CError | Manifest] = [SourceError(**FACTS), manifest("Account")]
    result = extracted(monkeypatch, night, answers)
    assert len(answers) == 1
    assert result.success
    assert night.result.unread == {"sf_main"}


def test_a_missing_secret_stops_the_run_and_is_not_repeated(settings: Settings) -> None:
    with Night(settings, DAY, NightResult(DAY), lambda *_: None).opened() as night:
        assets = [landing_assets(settings.instances[0])]
        result = dg.materialize(assets, selection=[ACCOUNT], resources={"night": night}, raise_on_error=False)
    assert not result.success
    (failed,) = result.get_step_failure_events()
    assert "Q2C_SF_CONSUMER" in str(failed.step_failure_data.user_failure_data)
    assert [event for event in result.all_events if event.is_step_up_for_retry] == []


def test_a_delivery_that_lacks_records_is_a_warning(monkeypatch: pytest.MonkeyPatch, night: Night) -> None:
    result = extracted(monkeypatch, night, [manifest("Account", Check("rows", "8", "7"))])
    assert not complete(result).passed
    assert complete(result).severity is dg.AssetCheckSeverity.WARN
    assert night.result.unread == set()


def test_a_broken_contract_leaves_one_instance_out(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    def load(_warehouse: Any, _landing: Any, instance: Any, *_rest: Any) -> list[Any]:
        if instance.name == "stripe_main":
            raise ContractError(**FACTS)
        return []

    monkeypatch.setattr(intake, "load_instance", load)
    monkeypatch.setattr(Settings, "instance", lambda self, name: next(one for one in self.instances if one.name == name))
    with Night(settings, DAY, NightResult(DAY), lambda *_: None).opened() as night:
        result = dg.materialize([mapped_assets(settings)], resources={"night": night})
    checks = {one.check_name: one.passed for one in result.get_asset_check_evaluations() if one.check_name != "contract"}
    assert checks == {"merged_sf_main": True, "merged_stripe_main": False, "merged_netsuite_main": True}
    assert [type(error) for error in night.result.blocked] == [ContractError]


def test_nothing_of_an_instance_that_was_not_read_whole_is_merged(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    asked: list[str] = []

    def load(_warehouse: Any, _landing: Any, instance: Any, *_rest: Any) -> list[Any]:
        asked.append(instance.name)
        return []

    monkeypatch.setattr(intake, "load_instance", load)
    monkeypatch.setattr(Settings, "instance", lambda self, name: next(one for one in self.instances if one.name == name))
    with Night(settings, DAY, NightResult(DAY), lambda *_: None).opened() as night:
        night.block("sf_main", SourceError(**FACTS))
        dg.materialize([mapped_assets(settings)], resources={"night": night})
    assert asked == ["stripe_main", "netsuite_main"]
