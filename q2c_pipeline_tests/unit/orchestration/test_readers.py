"""Systems are read side by side: told by the order of what happens, never by how long it takes."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from q2c_pipeline.errors import SourceError, SourceUnavailableError
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.orchestration import night as steps
from q2c_pipeline.orchestration import readers
from q2c_pipeline.orchestration.extracting import Gate
from q2c_pipeline.orchestration.intake import landing_assets
from q2c_pipeline.orchestration.night import NightResult
from q2c_pipeline.orchestration.readers import Wanted, side_by_side
from q2c_pipeline.orchestration.resources import Night
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RequestLog
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline_tests.unit.orchestration.test_intake import DAY, FACTS, manifest

INSTANCES = ("sf_main", "stripe_main", "netsuite_main")
ALL: Wanted = dict.fromkeys(INSTANCES)
PATIENCE = 20.0
"""Only a fault waits so long."""


class Systems:
    """Stands for all systems: none ends before all that are to be read at once have begun."""

    def __init__(self, at_once: int = len(INSTANCES)) -> None:
        self.began: list[str] = []
        self.objects: dict[str, Collection[str] | None] = {}
        self.refusals: dict[str, list[SourceError]] = {}
        self._all_there = threading.Barrier(at_once)
        self._lock = threading.Lock()

    def read(
        self, _: Landing, instance: Instance, __: date, ___: timedelta, on_landed: Any, gate: Gate, only: Collection[str] | None
    ) -> None:
        with self._lock:
            again = instance.name in self.began
            self.began.append(instance.name)
            self.objects[instance.name] = only
        if not again:
            self._all_there.wait(PATIENCE)
        if self.refusals.get(instance.name):
            raise self.refusals[instance.name].pop(0)
        with gate.passing():
            on_landed(manifest_of(instance.name))


def manifest_of(instance: str) -> Manifest:
    given = manifest("Account")
    return Manifest(**{name: getattr(given, name) for name in given.__dataclass_fields__} | {"instance": instance})


@pytest.fixture
def opened(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(Settings, "instance", Settings.unopened)
    return load_settings(settings.path, {})


def reading_from(systems: Systems, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "extract_instance", systems.read)


def test_every_system_begins_before_any_has_ended(monkeypatch: pytest.MonkeyPatch, opened: Settings) -> None:
    systems, heard, result = Systems(), [], NightResult(DAY)
    reading_from(systems, monkeypatch)
    steps.extract_all(opened, DAY, lambda phase, what: heard.append(f"{phase} {what}"), result)
    assert result.blocked == []
    assert [one.instance for one in result.manifests] == list(INSTANCES), "in the order of the settings, whoever was quicker"
    assert sorted(heard) == sorted(f"extract {name}.Account: 7 rows" for name in INSTANCES)


def test_a_system_that_refuses_blocks_itself_alone(monkeypatch: pytest.MonkeyPatch, opened: Settings) -> None:
    systems, result = Systems(), NightResult(DAY)
    systems.refusals["stripe_main"] = [SourceError(**FACTS)]
    reading_from(systems, monkeypatch)
    steps.extract_all(opened, DAY, lambda *_: None, result)
    assert result.unread == {"stripe_main"}
    assert [one.instance for one in result.manifests] == ["sf_main", "netsuite_main"]


def test_who_asks_again_has_the_system_read_again(monkeypatch: pytest.MonkeyPatch, opened: Settings) -> None:
    systems = Systems()
    systems.refusals["sf_main"] = [SourceUnavailableError(**FACTS)]
    reading_from(systems, monkeypatch)
    with side_by_side(opened, DAY, lambda *_: None) as reading:
        assert isinstance(reading.read("sf_main", ALL).error, SourceUnavailableError)
        assert len(reading.read("sf_main", ALL).complete()) == 1
        for name in ("stripe_main", "netsuite_main"):
            reading.read(name, ALL)
    assert sorted(systems.began) == sorted([*INSTANCES, "sf_main"])


def test_an_interrupted_run_lands_nothing_more(tmp_path: Path, opened: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, go_on, landed = threading.Event(), threading.Event(), tmp_path / "landed"

    def read(_: Landing, instance: Instance, __: date, ___: timedelta, ____: Any, gate: Gate, _____: Any) -> None:
        log = RequestLog()
        gate.watch(log)
        slow.set()
        go_on.wait(PATIENCE)
        with gate.passing():
            landed.touch()

    monkeypatch.setattr(readers, "extract_instance", read)
    monkeypatch.setattr(readers, "_PATIENCE_SECONDS", 0.01)
    with suppress(KeyboardInterrupt), side_by_side(opened, DAY, lambda *_: None) as reading:
        reading._begin("sf_main", None)  # noqa: SLF001  (asking would wait for the end)
        assert slow.wait(PATIENCE)
        raise KeyboardInterrupt
    under_way = reading._under_way["sf_main"]  # noqa: SLF001
    go_on.set()
    under_way.thread.join(PATIENCE)
    assert not landed.exists()
    assert isinstance(under_way.reading.error, SourceError)


def test_a_connector_that_comes_after_the_end_sends_nothing() -> None:
    gate, log = Gate(), RequestLog()
    gate.close()
    gate.watch(log)
    with pytest.raises(SourceError, match="broken off"):
        log.require_open()


@pytest.fixture
def night(opened: Settings) -> Iterator[Night]:
    with Night(opened, DAY, NightResult(DAY), lambda *_: None).opened() as tonight:
        yield tonight


def test_steps_of_the_graph_share_one_reading(monkeypatch: pytest.MonkeyPatch, night: Night) -> None:
    systems = Systems()
    reading_from(systems, monkeypatch)
    assets = [landing_assets(configured) for configured in night.settings.instances]
    assert dg.materialize(assets, resources={"night": night}).success
    assert sorted(systems.began) == sorted(INSTANCES)
    assert [one.instance for one in night.result.manifests] == sorted(INSTANCES), "in the order of the steps"


def test_only_what_a_run_selects_is_read(monkeypatch: pytest.MonkeyPatch, night: Night) -> None:
    systems = Systems(at_once=2)
    reading_from(systems, monkeypatch)
    assets = [landing_assets(configured) for configured in night.settings.instances]
    chosen = [dg.AssetKey(["landing", "sf_main", "Account"]), dg.AssetKey(["landing", "netsuite_main", "item"])]
    assert dg.materialize(assets, selection=chosen, resources={"night": night}).success
    assert {name: list(objects or ()) for name, objects in systems.objects.items()} == {
        "sf_main": ["Account"],
        "netsuite_main": ["item"],
    }
