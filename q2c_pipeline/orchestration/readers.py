"""The systems of a night read side by side: reading takes as long as the slowest system, not as all of them together."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.orchestration.extracting import Gate, extract_instance

if TYPE_CHECKING:
    from q2c_pipeline.orchestration.night import Report
    from q2c_pipeline.settings import Settings

_PATIENCE_SECONDS = 2.0
"""How long an ended night waits for requests that are under way; their answers are not landed in any case."""
Wanted = Mapping[str, Collection[str] | None]
"""Instance -> its objects to read; None is all of them."""


@dataclass
class Reading:
    """What was landed of one instance, and what ended its reading early."""

    landed: dict[str, Manifest] = field(default_factory=dict)
    error: BaseException | None = None

    def complete(self) -> list[Manifest]:
        """Everything that was landed; raises what ended the reading early."""
        if self.error is not None:
            raise self.error
        return list(self.landed.values())


@dataclass(frozen=True)
class _UnderWay:
    reading: Reading
    gate: Gate
    thread: threading.Thread


@contextmanager
def side_by_side(settings: Settings, as_of: date, report: Report) -> Iterator[Readers]:
    """Readers for one run; when it ends, or is ended, they do too."""
    readers = Readers(settings, as_of, report)
    try:
        yield readers
    finally:
        readers.end()


class Readers:
    """Each instance is read by a thread of its own; the first that is asked for sets off all that are wanted.

    A reading is given out once: who asks again, as a repeated step does, has the instance read again. To be asked from one
    thread only, so that results come in the order of the questions whoever was quicker.
    """

    def __init__(self, settings: Settings, as_of: date, report: Report) -> None:
        self._settings, self._as_of, self._report = settings, as_of, report
        self._under_way: dict[str, _UnderWay] = {}
        self._asked: set[str] = set()
        self._one_at_a_time = threading.Lock()

    def read(self, name: str, wanted: Wanted) -> Reading:
        """Wait for one instance while the others that are `wanted` in this run are read beside it."""
        for each, objects in wanted.items():
            if each not in self._asked:
                self._begin(each, objects)
        if name not in self._under_way:
            self._begin(name, wanted[name])
        self._under_way[name].thread.join()
        return self._under_way.pop(name).reading

    def end(self) -> None:
        """Let whatever is still being read land nothing more."""
        for one in self._under_way.values():
            one.gate.close()
        for one in self._under_way.values():
            one.thread.join(_PATIENCE_SECONDS)

    def _begin(self, name: str, objects: Collection[str] | None) -> None:
        reading, gate = Reading(), Gate()
        # An ended process does not wait for a daemon.
        thread = threading.Thread(target=self._read, args=(name, objects, reading, gate), name=f"read {name}", daemon=True)
        self._asked.add(name)
        self._under_way[name] = _UnderWay(reading, gate, thread)
        thread.start()

    def _read(self, name: str, objects: Collection[str] | None, reading: Reading, gate: Gate) -> None:
        def on_landed(manifest: Manifest) -> None:
            reading.landed[manifest.object_name] = manifest
            with self._one_at_a_time:
                self._report("extract", f"{manifest.instance}.{manifest.object_name}: {manifest.row_count} rows")

        settings = self._settings
        try:
            landing, instance = Landing(settings.stores.landing), settings.instance(name)
            extract_instance(landing, instance, self._as_of, settings.policy.overlap, on_landed, gate, objects)
        except BaseException as error:  # noqa: BLE001  (whoever waits for the reading raises it)
            reading.error = error
