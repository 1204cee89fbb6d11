"""Who is no longer there: the list of deletions, lines that a changed transaction lost, and a comparison of all ids."""

from __future__ import annotations

from collections import defaultdict
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

        All ids are compared when `compare` asks for it, or when the source holds fewer rows than were landed.
        """
        rows_of = _by_owner(known)
        gone = {row: at for owner, at in self._deleted(rows_of).items() for row in rows_of[owner] - landed}
        gone |= {row: at for owner, at in changed.items() for row in rows_of.get(owner, set()) - landed}
        left = (known | landed) - set(gone)
        total = int(self.client.one(totals_query(self.source, (), self.source.only or "1 = 1"))["n"]) if known else 0
        checks: list[Check] = []
        missing: dict[str, datetime] = {}
        if known and (compare or total < len(left)):
            missing, check = self._compared(left - landed, total)
            checks = [check]
        stones = [Tombstone(row, at) for row, at in gone.items()]
        stones += [Tombstone(row, at, is_announced=False) for row, at in missing.items()]
        return Departed(sorted(stones, key=lambda stone: stone.source_id), checks)

    def _deleted(self, rows_of: Mapping[str, set[str]]) -> dict[str, datetime]:
        """Known owners that the source says it deleted, and when."""
        types, window, zone = self.source.deleted_types, self.window, self.zone
        if not rows_of:
            return {}

        rows = pages(self.client, ("recordid",), lambda after: deleted_query(types, window, zone, after))
        found = {row["k0"]: row["stamp"] for row in rows if row["k0"] in rows_of}
        return {owner: moment(stamp, zone) for owner, stamp in found.items()}

    def _compared(self, known: set[str], total: int) -> tuple[dict[str, datetime], Check]:
        """Known rows that the source does not list; none while its list is shorter than its own count."""
        reader = Reader(self.client, self.source, {"id": self.source.identity})
        listed = {record["id"] for record in reader.read(self.source.only or "1 = 1")}
        check = Check("all ids", str(total), str(len(listed)))
        noticed = self.window.until - timedelta(seconds=1)
        return ({row: noticed for row in known if row not in listed} if check.is_ok else {}), check


def moment(stamp: str, zone: ZoneInfo) -> datetime:
    """A stamp of the account's time zone."""
    return datetime.strptime(stamp, _FORM).replace(tzinfo=zone)


def _by_owner(rows: set[str]) -> dict[str, set[str]]:
    """Rows by the record they belong to: '7/0/1' belongs to 7, '7' is its own."""
    grouped: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        grouped[row.partition("/")[0]].add(row)
    return grouped
