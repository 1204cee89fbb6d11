"""Who is no longer there: the list of deletions, lines that a changed transaction lost, and a comparison of all ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from q2c_pipeline.landing.manifest import Check, Tombstone, Window
from q2c_pipeline.platforms.netsuite.client import SuiteClient
from q2c_pipeline.platforms.netsuite.queries import Source, deleted_query, totals_query
from q2c_pipeline.platforms.netsuite.reader import Reader, pages

_FORM = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Departed:
    """The tombstones of one extract and what an id comparison found."""

    tombstones: list[Tombstone]
    checks: list[Check]


@dataclass(frozen=True)
class Looker:
    """Looks for departures of one object in one window."""

    client: SuiteClient
    source: Source
    window: Window
    zone: ZoneInfo

    def departed(self, known: set[str], landed: set[str], changed: Mapping[str, datetime], *, compare: bool) -> Departed:
        """Tombstones of rows that were known before; `changed` are re-read owners whose missing rows are gone.

        All ids are compared when `compare` asks for it, or when the source holds fewer rows than were landed. Of the known rows,
        which may be very many, no copy is made.
        """
        if not known:
            return Departed([], [])
        ended = {**self._deleted(), **changed}
        gone = {row: ended[owner_of(row)] for row in known if owner_of(row) in ended and row not in landed}
        stones = [Tombstone(row, at) for row, at in gone.items()]
        total = int(self.client.one(totals_query(self.source, (), self.source.only or "1 = 1"))["n"])
        checks: list[Check] = []
        if compare or total < len(known) - len(gone) + sum(row not in known for row in landed):
            listed, check = self._listed(total)
            checks.append(check)
            noticed = self.window.until - timedelta(seconds=1)
            if check.is_ok:
                missing = (row for row in known if row not in listed and row not in landed and row not in gone)
                stones += [Tombstone(row, noticed, is_announced=False) for row in missing]
        return Departed(sorted(stones, key=lambda stone: stone.source_id), checks)

    def _deleted(self) -> dict[str, datetime]:
        """Records that the source says it deleted in the window, and when."""
        types, window, zone = self.source.deleted_types, self.window, self.zone
        rows = pages(self.client, ("recordid",), lambda after: deleted_query(types, window, zone, after))
        return {row["k0"]: moment(row["stamp"], zone) for row in rows}

    def _listed(self, total: int) -> tuple[set[str | None], Check]:
        """The ids of all rows; nothing follows from a list that is shorter than the source's own count."""
        reader = Reader(self.client, self.source, {"id": self.source.identity})
        listed = {record["id"] for record in reader.read(self.source.only or "1 = 1")}
        return listed, Check("all ids", str(total), str(len(listed)))


def moment(stamp: str, zone: ZoneInfo) -> datetime:
    """A stamp of the account's time zone."""
    return datetime.strptime(stamp, _FORM).replace(tzinfo=zone)


def owner_of(row: str) -> str:
    """The record that a row belongs to: '7/0/1' belongs to 7, '7' is its own."""
    return row.partition("/")[0]
