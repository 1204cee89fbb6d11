"""A ledger that posts one journal for all documents of a company, currency and day instead of one for each document."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import at
from q2c_pipeline.sandbox.company.ledger import Entry, Heading, entries_of, erase, post, write_entries
from q2c_pipeline.sandbox.company.revaluing import revalue

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record

DOCUMENT_TYPES = ("CustInvc", "CustCred")
PREFIX = "SUM-"
Day = tuple[str, str, "date"]
"""Legal entity, currency, day of issue."""


@dataclass
class Summary:
    """One journal with what each of its documents puts into it."""

    day: Day
    number: int
    parts: dict[str, list[Entry]] = field(default_factory=dict)

    @property
    def tranid(self) -> str:
        """Its number: SUM-UK-EUR-2026-03-04."""
        return f"{PREFIX}{self.day[0]}-{self.day[1]}-{self.day[2]}"


def sum_up(world: World) -> dict[Day, Summary]:
    """Take the documents' own transactions out of the ledger and post the summary of each company, currency and day."""
    found: dict[Day, dict[str, list[Entry]]] = defaultdict(dict)
    for document_id, record in sorted(_documents(world).items()):
        number = world.posted.pop(document_id, None)
        if number is None:
            continue
        if world.netsuite["transaction"][str(number)]["posting"]:
            found[_day(record)][document_id] = _plain(entries_of(world, number, at_own_rate=True))
        erase(world, number)
    return {day: _posted(world, Summary(day, 0, parts)) for day, parts in sorted(found.items())}


def revalue_again(world: World) -> None:
    """Value foreign receivables anew, after what the ledger holds has changed."""
    for name in [name for name in world.posted if name.startswith("FXR-")]:
        erase(world, world.posted.pop(name))
    revalue(world)


def write(world: World, summary: Summary, entries: Iterable[Entry] | None = None) -> None:
    """Write the journal's lines anew from its parts, or as they are given."""
    write_entries(world, summary.number, heading(summary), totals(entries or all_entries(summary)))


def heading(summary: Summary) -> Heading:
    """The head of a summary journal: no customer, no document."""
    entity, currency, day = summary.day
    memo = f"Summary of {len(summary.parts)} documents"
    return Heading("Journal", summary.tranid, None, None, entity, currency, None, day, at(day, 22), "B", memo)


def all_entries(summary: Summary) -> list[Entry]:
    """What all documents put into it."""
    return [entry for part in summary.parts.values() for entry in part]


def totals(entries: Iterable[Entry]) -> list[Entry]:
    """One debit and one credit line for each account, as far as there is anything."""
    sums: dict[tuple[str, bool], Entry] = {}
    for entry in entries:
        key = (entry.account, entry.amount < 0)
        before = sums.get(key, Entry(entry.account, Decimal(0), Decimal(0)))
        sums[key] = replace(before, amount=before.amount + entry.amount, base=(before.base or 0) + (entry.base or 0))
    return list(sums.values())


def _documents(world: World) -> dict[str, Record]:
    return {**world.stripe["invoice"], **world.stripe["credit_note"]}


def _day(record: Record) -> Day:
    return record["metadata"]["legal_entity"], record["currency"].upper(), record["effective_at"].date()


def _plain(entries: list[Entry]) -> list[Entry]:
    """Nothing but accounts and amounts: a summary knows neither items nor contract lines."""
    return [Entry(entry.account, entry.amount, entry.base) for entry in entries if entry.amount]


def _posted(world: World, summary: Summary) -> Summary:
    summary.number = post(world, heading(summary), totals(all_entries(summary)))
    world.posted[summary.tranid] = summary.number
    return summary
