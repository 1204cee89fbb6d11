"""The simulated company's Stripe tables with the orders and groups that lists need, kept until a table changes."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.stripe.render import templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from q2c_pipeline.sandbox.systems import Record, Systems

EVENT_RETENTION = timedelta(days=30)
_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass
class _Index:
    """Ids of one table, newest first, with each id's place in that order and groups by field value."""

    size: int
    newest: list[str]
    place: dict[str, int]
    groups: dict[str, dict[Any, list[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Window:
    """Bounds on `created`; None is open."""

    gt: datetime | None = None
    gte: datetime | None = None
    lt: datetime | None = None
    lte: datetime | None = None


class Store:
    """Reads and changes `systems.stripe`; time stands at the last minutes of `as_of` and moves a second a write."""

    def __init__(self, systems: Systems) -> None:
        self.systems = systems
        self._indexes: dict[str, _Index] = {}
        self._writes, self._shift = 0, timedelta()

    def table(self, name: str) -> dict[str, Record]:
        """The records of one table by id."""
        return self.systems.stripe.setdefault(name, {})

    def touch(self, *names: str) -> None:
        """Forget the orders of changed tables."""
        for name in names:
            self._indexes.pop(name, None)

    def now(self) -> datetime:
        """The server's clock."""
        return datetime.combine(self.systems.as_of, time(23, 55), UTC) + timedelta(seconds=self._writes) + self._shift

    def shift(self, by: timedelta) -> None:
        """Set the clock forward or back."""
        self._shift += by

    def tick(self) -> datetime:
        """Let a second pass and give the new time."""
        self._writes += 1
        return self.now()

    def new_id(self, table: str) -> str:
        """An id that no record has; the same sequence of writes gives the same ids."""
        self._writes += 1
        digest = hashlib.sha256(f"{table}:{self._writes}".encode()).hexdigest()
        return templates()[table].prefix + digest[:24]

    def put(self, table: str, record: Record) -> Record:
        """Add a record and give it back."""
        self.table(table)[record["id"]] = record
        self.touch(table)
        return record

    def remove(self, table: str, record_id: str) -> None:
        """Take a record out for good."""
        del self.table(table)[record_id]
        self.touch(table)

    def newest(self, table: str) -> list[str]:
        """All ids, newest first."""
        return self._index(table).newest

    def group(self, table: str, path: str, value: Any) -> list[str]:
        """Ids of the records whose field at the dotted path has the value, newest first."""
        index = self._index(table)
        if path not in index.groups:
            index.groups[path] = self._grouped(table, path, index.newest)
        return index.groups[path].get(value, [])

    def children(self, table: str, parent: str, parent_id: str) -> list[Record]:
        """Records that belong to a parent, in the order in which they were added."""
        records = self.table(table)
        return [records[one] for one in reversed(self.group(table, parent, parent_id))]

    def walk(self, table: str, ids: list[str], window: Window, *, after: str | None, before: str | None) -> Iterator[str]:
        """Ids inside the window beyond a cursor; with `before` they come oldest first."""
        place = self._index(table).place
        low, high = self._bounds(table, ids, window)
        if after is not None:
            low = max(low, bisect_right(ids, place[after], key=place.__getitem__))
        if before is not None:
            high = min(high, bisect_left(ids, place[before], key=place.__getitem__))
        order = range(low, high) if before is None else range(high - 1, low - 1, -1)
        return (ids[at] for at in order)

    def _bounds(self, table: str, ids: list[str], window: Window) -> tuple[int, int]:
        age = _age_of(self.table(table))
        low, high = 0, len(ids)
        if window.lte is not None:
            low = max(low, bisect_left(ids, -window.lte.timestamp(), key=age))
        if window.lt is not None:
            low = max(low, bisect_right(ids, -window.lt.timestamp(), key=age))
        if window.gte is not None:
            high = min(high, bisect_right(ids, -window.gte.timestamp(), key=age))
        if window.gt is not None:
            high = min(high, bisect_left(ids, -window.gt.timestamp(), key=age))
        return low, high

    def _index(self, name: str) -> _Index:
        records = self.table(name)
        index = self._indexes.get(name)
        if index is None or index.size != len(records):
            newest = list(reversed(records))
            newest.sort(key=_age_of(records))
            index = _Index(len(records), newest, {one: at for at, one in enumerate(newest)})
            self._indexes[name] = index
        return index

    def _grouped(self, table: str, path: str, newest: list[str]) -> dict[Any, list[str]]:
        groups: dict[Any, list[str]] = {}
        records = self.table(table)
        for one in newest:
            groups.setdefault(dig(records[one], path), []).append(one)
        return groups


def _age_of(records: dict[str, Record]) -> Callable[[str], float]:
    return lambda one: -(records[one].get("created") or _NEVER).timestamp()


def dig(record: Record, path: str) -> Any:
    """The value at a dotted path, or None where the path ends early."""
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
