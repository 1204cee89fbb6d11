"""A ledger that posts one journal for all documents of a company, currency and day instead of one for each document."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.dates import DAY, at, month_end
from q2c_pipeline.sandbox.company.foundation import rate
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
    posted: date | None = None
    """Day of the journal where it is not that of its documents."""
    batch: str | None = None

    @property
    def tranid(self) -> str:
        """Its number: SUM-UK-EUR-2026-03-04."""
        return f"{PREFIX}{self.day[0]}-{self.day[1]}-{self.day[2]}"


def sum_up(world: World, *, in_batches: bool = False) -> dict[Day, Summary]:
    """Take the documents' own transactions out of the ledger and post the summary of each company, currency and day.

    In batches, the day's documents and their journal bear a batch, and the journal is dated the next morning, inside the month.
    """
    found: dict[Day, dict[str, list[Entry]]] = defaultdict(dict)
    for document_id, record in sorted(_documents(world).items()):
        number = world.posted.pop(document_id, None)
        if number is None:
            continue
        if world.netsuite["transaction"][str(number)]["posting"]:
            found[_day(record)][document_id] = _plain(entries_of(world, number, at_own_rate=True))
        erase(world, number)
    summaries = {day: Summary(day, 0, parts) for day, parts in sorted(found.items())}
    for summary in summaries.values() if in_batches else ():
        _hand_over(world, summary)
    return {day: _posted(world, summary) for day, summary in summaries.items()}


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
    on = summary.posted or day
    return Heading("Journal", summary.tranid, None, summary.batch, entity, currency, None, on, at(on, 22), "B", memo)


def all_entries(summary: Summary) -> list[Entry]:
    """What all documents put into it."""
    return [entry for part in summary.parts.values() for entry in part]


def totals(entries: Iterable[Entry]) -> list[Entry]:
    """One debit and one credit line for each account, as far as there is anything."""
    sums: dict[tuple[str, bool], Entry] = {}
    for entry in entries:
        key = (entry.account, entry.amount < 0)
        before = sums.get(key, Entry(entry.account, Decimal(0), Decimal(0)))
        sums[key] = replace(
            before, amount=before.amount + entry.amount, base=(before.base or Decimal(0)) + (entry.base or Decimal(0))
        )
    return list(sums.values())


def _documents(world: World) -> dict[str, Record]:
    return {**world.stripe["invoice"], **world.stripe["credit_note"]}


def _hand_over(world: World, summary: Summary) -> None:
    entity, currency, day = summary.day
    summary.batch = f"B-{entity}-{currency}-{day:%y%m%d}"
    summary.posted = min(day + DAY, month_end(day), world.as_of)
    documents = _documents(world)
    for document_id in summary.parts:
        documents[document_id]["metadata"]["ledger_batch"] = summary.batch


def _day(record: Record) -> Day:
    return record["metadata"]["legal_entity"], record["currency"].upper(), record["effective_at"].date()


def _plain(entries: list[Entry]) -> list[Entry]:
    """Nothing but accounts and amounts: a summary knows neither items nor contract lines."""
    return [Entry(entry.account, entry.amount, entry.base) for entry in entries if entry.amount]


def _posted(world: World, summary: Summary) -> Summary:
    summary.number = post(world, heading(summary), totals(all_entries(summary)))
    world.posted[summary.tranid] = summary.number
    if summary.posted:  # documents keep the rate of their own day
        entity, currency, day = summary.day
        header = world.netsuite["transaction"][str(summary.number)]
        header["exchangerate"] = rate(world, currency, ENTITIES[entity].currency, day)
        write(world, summary)
    return summary
