"""Two ways to read an object: all of it, or what has changed since the last run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import chain

from q2c_pipeline.landing.draft import FlatRecord
from q2c_pipeline.landing.manifest import Window
from q2c_pipeline.platforms.stripe.client import Raw, StripeClient, seconds
from q2c_pipeline.platforms.stripe.delivery import Delivery, Piece, piece_of
from q2c_pipeline.platforms.stripe.sources import Parts, Source

EVENTS_REACH_BACK = timedelta(days=29)
"""Stripe keeps events for 30 days; a longer gap is closed by a full read."""
_NESTED_LISTS = ("items", "lines")


@dataclass(frozen=True)
class Reader:
    """Reads one object inside one window."""

    client: StripeClient
    source: Source
    window: Window
    known_ids: Callable[[], set[str]]
    completed: Callable[[Piece], Piece]
    """Adds what the record itself does not say."""

    def read(self, delivery: Delivery) -> None:
        """The changes since the window's beginning, or everything when nothing was read before or too long ago."""
        if delivery.is_full:
            self._everything(delivery)
        else:
            self._changes(delivery)

    @property
    def reads_all(self) -> bool:
        """Whether events cannot tell of all changes since the window's beginning."""
        since, until = self.window.since, self.window.until
        return since is None or not self.source.events or until - since > EVENTS_REACH_BACK

    def _everything(self, delivery: Delivery) -> None:
        for params in self.source.lists:
            delivery.add_list(self._listed(params, Window(None, self.window.until)))
        delivery.unlisted = self._look_for(self.known_ids() - delivery.ids, delivery)

    def _changes(self, delivery: Delivery) -> None:
        for params in self.source.lists:
            delivery.add_list(self._listed(params, self.window))
        for params in self.source.still_open:
            delivery.add_list(self._listed(params, Window(None, self.window.until)))
        changed: set[str] = set()
        for event in self._events():
            delivery.parts_before.update(_former_parts(event))
            changed.add(event["data"]["object"]["id"])
        self._look_for(changed - delivery.ids, delivery)

    def _listed(self, params: dict[str, str], window: Window) -> Iterator[list[Piece]]:
        if not self.source.has_created:
            return map(self._pieces, self.client.pages(self.source.path, params))
        return self.client.sweep(self.source.path, params, window.since, window.until, self._pieces)

    def _events(self) -> Iterator[Raw]:
        types = {f"types[{number}]": name for number, name in enumerate(self.source.events)}
        pages = self.client.sweep("/v1/events", types, self.window.since, self.window.until, list)
        return chain.from_iterable(pages)

    def _look_for(self, ids: set[str], delivery: Delivery) -> int:
        """Fetch records that the lists did not give: those still there are added and counted, the others are gone."""
        there = 0
        for one, piece in self.client.each(self._retrieved, sorted(ids)):
            if piece is None:
                delivery.gone.append(one)
            else:
                delivery.add([piece])
                there += 1
        return there

    def _retrieved(self, one: str) -> tuple[str, Piece | None]:
        raw = self.client.retrieve(self.source.path, one)
        return one, None if raw is None else self._piece(raw)

    @cached_property
    def _stamp(self) -> FlatRecord:
        return stamp_of(self.window)

    def _pieces(self, page: list[Raw]) -> list[Piece]:
        return [self._piece(raw) for raw in page]

    def _piece(self, raw: Raw) -> Piece:
        kind = self.source.parts
        parts = self._take_parts(raw, kind) if kind else []
        return self.completed(piece_of(raw, parts, kind, self._stamp))

    def _take_parts(self, raw: Raw, kind: Parts) -> list[Raw]:
        return self.client.whole(raw.pop(kind.key, None), kind.path.format(id=raw["id"]))


def stamp_of(window: Window) -> FlatRecord:
    """What Stripe's records lack: a version. The cut-off of the read is one, since later reads see later states."""
    return {"read.until": seconds(window.until)}


def _former_parts(event: Raw) -> list[str]:
    """Ids of the parts that an object had before the change that the event tells of."""
    before = event["data"].get("previous_attributes") or {}
    lists = [before[name] for name in _NESTED_LISTS if isinstance(before.get(name), dict)]
    return [part["id"] for one in lists for part in one.get("data", [])]
