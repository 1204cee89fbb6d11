"""Two ways to read an object: all of it, or what has changed since the last run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
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

    def read(self) -> Delivery:
        """The changes since the window's beginning, or everything when nothing was read before or too long ago."""
        since, until = self.window.since, self.window.until
        if since is None or not self.source.events or until - since > EVENTS_REACH_BACK:
            return self._everything()
        return self._changes()

    def _everything(self) -> Delivery:
        delivery = Delivery(is_full=True)
        for params in self.source.lists:
            delivery.add_list(self._listed(params, Window(None, self.window.until)))
        delivery.unlisted = self._look_for(self.known_ids() - delivery.pieces.keys(), delivery)
        return delivery

    def _changes(self) -> Delivery:
        delivery = Delivery(is_full=False)
        for params in self.source.lists:
            delivery.add_list(self._listed(params, self.window))
        for params in self.source.still_open:
            delivery.add_list(self._listed(params, Window(None, self.window.until)))
        events = self._events()
        delivery.parts_before = {part for event in events for part in _former_parts(event)}
        changed = {event["data"]["object"]["id"] for event in events}
        self._look_for(changed - delivery.pieces.keys(), delivery)
        return delivery

    def _listed(self, params: dict[str, str], window: Window) -> list[Piece]:
        if not self.source.has_created:
            return self._pieces(self.client.drain(self.source.path, params))
        found = self.client.sweep(self.source.path, params, window.since, window.until, self._pieces)
        return list(chain.from_iterable(found))

    def _events(self) -> list[Raw]:
        types = {f"types[{number}]": name for number, name in enumerate(self.source.events)}
        pages = self.client.sweep("/v1/events", types, self.window.since, self.window.until, list)
        return list(chain.from_iterable(pages))

    def _look_for(self, ids: set[str], delivery: Delivery) -> int:
        """Fetch records that the lists did not give: those still there are added and counted, the others are gone."""
        wanted = sorted(ids)
        found = list(self.client.each(lambda one: self.client.retrieve(self.source.path, one), wanted))
        delivery.gone += [one for one, raw in zip(wanted, found, strict=True) if raw is None]
        there = self._pieces([raw for raw in found if raw is not None])
        delivery.pieces.update({piece.source_id: piece for piece in there})
        return len(there)

    def _pieces(self, page: list[Raw]) -> list[Piece]:
        return [self._piece(raw) for raw in page]

    def _piece(self, raw: Raw) -> Piece:
        kind = self.source.parts
        parts = self._take_parts(raw, kind) if kind else []
        return piece_of(raw, parts, kind, stamp_of(self.window))

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
