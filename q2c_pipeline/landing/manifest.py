"""What one landed batch is: where it came from, which window it covers, what the source said it should hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Window:
    """Modification stamps covered by an extract: since <= stamp < until; no `since` means everything up to `until`."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True)
class Check:
    """One figure that the source states about a delivery, beside what was landed; unequal means DQ01."""

    name: str
    expected: str
    found: str

    @property
    def is_ok(self) -> bool:
        """Whether the delivery holds what the source says."""
        return self.expected == self.found


@dataclass(frozen=True)
class Tombstone:
    """A record that is gone at the source, and when; one that nobody announced was noticed by comparing all ids."""

    source_id: str
    deleted_at: datetime
    is_announced: bool = True


@dataclass(frozen=True)
class Manifest:
    """The card of one immutable batch; a batch without a manifest was never landed."""

    batch_id: str
    instance: str
    platform: str
    object_name: str
    sequence: int
    as_of: date
    window: Window
    file_name: str
    row_count: int
    columns: tuple[str, ...]
    fingerprint: str
    sha256: str
    checks: tuple[Check, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    request_ids: tuple[str, ...] = ()
    request_count: int = 0
    notes: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Canonical JSON, stable key order."""
        return json.dumps(asdict(self), default=str, sort_keys=True, indent=1)

    @staticmethod
    def from_json(text: str) -> Manifest:
        """The manifest that `to_json` wrote."""
        raw = json.loads(text)
        window = raw["window"]
        raw["window"] = Window(_moment(window["since"]), datetime.fromisoformat(window["until"]))
        raw["as_of"] = date.fromisoformat(raw["as_of"])
        raw["checks"] = tuple(Check(**check) for check in raw["checks"])
        raw["tombstones"] = tuple(map(_tombstone, raw["tombstones"]))
        raw["columns"], raw["request_ids"] = tuple(raw["columns"]), tuple(raw["request_ids"])
        return Manifest(**raw)


def _tombstone(raw: Mapping[str, Any]) -> Tombstone:
    """Manifests of before the distinction call every departure announced."""
    return Tombstone(raw["source_id"], datetime.fromisoformat(raw["deleted_at"]), raw.get("is_announced", True))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
