"""From a configured system to landed batches: one extract per object, each with its completeness checks."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import cast

from q2c_pipeline.errors import SourceError
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.platforms.extraction import Connector, Context, Instance, ObjectSpec, window_for
from q2c_pipeline.platforms.http import RequestLog


class Gate:
    """Through which a reading goes on and its batches land, until it is closed from another thread: then neither does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._log = RequestLog()

    def watch(self, log: RequestLog) -> None:
        """Let the requests of a connector end with the gate."""
        with self._lock:
            if self._log.is_ended:
                log.end()
            self._log = log

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Do what is inside whole; raises SourceError instead when the gate is closed."""
        with self._lock:
            self._log.require_open()
            yield

    def close(self) -> None:
        """When this returns, what was passing has passed, and nothing else will."""
        with self._lock:
            self._log.end()


def connect(instance: Instance) -> Connector:
    """The reader for an instance's platform."""
    module = importlib.import_module(f"q2c_pipeline.platforms.{instance.platform}.extract")
    return cast("Connector", module.connect(instance))


@contextmanager
def connected(instance: Instance) -> Iterator[Connector]:
    """A reader that gives its connections back at the end; what it cannot read is said of the instance by name."""
    connector = connect(instance)
    try:
        yield connector
    except SourceError as error:
        if instance.name not in error.where:
            error.where = f"{instance.name}: {error.where}"
        raise
    finally:
        connector.close()


def extract_object(
    landing: Landing,
    connector: Connector,
    instance: Instance,
    spec: ObjectSpec,
    as_of: date,
    overlap: timedelta,
    landed_now: dict[str, Manifest],
    gate: Gate,
) -> Manifest:
    """Read one object's changes since its own high-water mark and land them as one batch."""
    window = window_for(as_of, landing.read_until(instance.name, spec.name), overlap)
    fields = connector.fields[spec.name]

    def changed_ids(object_name: str) -> set[str]:
        manifest = landed_now[object_name]
        column = connector.fields[object_name].vendor["id"]
        return set(landing.scan(manifest).select(column).collect()[column].drop_nulls())

    before = connector.log.total
    extract = connector.extract(
        spec,
        Context(
            window=window,
            as_of=as_of,
            known_ids=lambda: landing.known_ids(instance.name, spec.name, fields.vendor[spec.id_field]),
            changed_ids=changed_ids,
        ),
    )
    with gate.passing():
        return landing.land(
            extract.records,
            instance=instance.name,
            platform=instance.platform,
            object_name=spec.name,
            as_of=as_of,
            window=window,
            checks=extract.checks,
            tombstones=extract.tombstones,
            request_ids=connector.log.request_ids[-20:],
            request_count=connector.log.total - before,
            columns=() if extract.records else fields.required(),
            notes=extract.notes,
        )


def extract_instance(
    landing: Landing,
    instance: Instance,
    as_of: date,
    overlap: timedelta,
    on_landed: Callable[[Manifest], None],
    gate: Gate,
    only: Collection[str] | None = None,
) -> None:
    """Land every object of one instance (or `only` some), headers before their lines; `on_landed` hears of each."""
    landed: dict[str, Manifest] = {}
    with connected(instance) as connector:
        gate.watch(connector.log)
        for spec in connector.objects():
            if only is None or spec.name in only:
                landed[spec.name] = extract_object(landing, connector, instance, spec, as_of, overlap, landed, gate)
                on_landed(landed[spec.name])
