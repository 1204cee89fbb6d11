"""From a configured system to landed batches: one extract per object, each with its completeness checks."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import cast

from q2c_pipeline.errors import SourceError
from q2c_pipeline.landing.draft import Draft
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.platforms.extraction import Connector, Context, Instance, ObjectSpec, window_for
from q2c_pipeline.platforms.http import RequestLog

_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What an answer raises that is cut off, no JSON, too deep, or lacks what every answer has."""


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
    except _UNREADABLE as error:
        raise SourceError(
            expected="answers in the form that the vendor documents",
            found=f"{type(error).__name__}: {str(error)[:200]}",
            where=f"{instance.name}, reading an answer",
            next_step="run again; if it stays so, look whether a proxy answers in the system's place (`q2c check`), or report it",
        ) from error
    finally:
        connector.close()


@dataclass(frozen=True)
class Extraction:
    """One reading of one instance; what was begun and not landed is thrown away when it is closed."""

    landing: Landing
    connector: Connector
    instance: Instance
    as_of: date
    overlap: timedelta
    gate: Gate = field(default_factory=Gate)
    drafts: ExitStack = field(default_factory=ExitStack)

    def land(self, spec: ObjectSpec) -> Manifest:
        """Read one object's changes since its own high-water mark and land them as one batch."""
        landing, log, name = self.landing, self.connector.log, self.instance.name
        fields, before = self.connector.fields[spec.name], log.total
        window = window_for(self.as_of, landing.read_until(name, spec.name), self.overlap)
        known_ids = partial(landing.known_ids, name, spec.name, fields.vendor[spec.id_field])
        extract = self.connector.extract(spec, Context(window, self.as_of, known_ids, self._draft))
        with self.gate.passing():
            return landing.land(
                extract.records,
                instance=name,
                platform=self.instance.platform,
                object_name=spec.name,
                as_of=self.as_of,
                window=window,
                checks=extract.checks,
                tombstones=extract.tombstones,
                request_ids=log.request_ids[-20:],
                request_count=log.total - before,
                columns=fields.required(),
                notes=extract.notes,
            )

    def close(self) -> None:
        """Throw away what was not landed."""
        self.drafts.close()

    def _draft(self, object_name: str) -> Draft:
        return self.drafts.enter_context(closing(self.landing.draft(self.instance.name, object_name)))


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
    with connected(instance) as connector, closing(Extraction(landing, connector, instance, as_of, overlap, gate)) as extraction:
        gate.watch(connector.log)
        for spec in connector.objects():
            if only is None or spec.name in only:
                on_landed(extraction.land(spec))
