"""Month-end: deferred revenue is released by day, one journal per entity, month and currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.dates import DAY, at, month_end, month_start
from q2c_pipeline.sandbox.company.ledger import Entry, Heading, erase, erase_lines, post, write_entries
from q2c_pipeline.sandbox.company.money import share, to_major

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.world import Deferral, World


def release_month(world: World, day: date) -> None:
    """Post the release journals of the month that ends on `day`, or post them again after a change."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for deferrals in world.deferrals.values():
        for deferral in deferrals:
            amount = earned(deferral, day)
            if amount:
                groups.setdefault((deferral.entity, deferral.currency), []).extend(_entries(deferral, amount))
    for (entity, currency), entries in sorted(groups.items(), key=lambda group: group[0]):
        _journal(world, entity, currency, day, entries)


def earned(deferral: Deferral, day: date) -> int:
    """Part of a deferral earned in the month that ends on `day`: 310.00 for 1-31 January, end of January -> 310.00."""
    if day < month_end(deferral.posted) or deferral.start > day:
        return 0
    before = month_start(day) - DAY
    first = before < month_end(deferral.posted)
    return _cumulative(deferral, day) - (0 if first else _cumulative(deferral, before))


def _cumulative(deferral: Deferral, day: date) -> int:
    days = (deferral.end - deferral.start).days + 1
    gone = min(max((day - deferral.start).days + 1, 0), days)
    return share(deferral.net, gone, days)


def _entries(deferral: Deferral, minor: int) -> list[Entry]:
    amount = to_major(minor, deferral.currency)
    key = deferral.root_key
    return [
        Entry("deferred", amount, contract_line=key, release=True),
        Entry("revenue", -amount, contract_line=key, release=True),
    ]


def _journal(world: World, entity: str, currency: str, day: date, entries: list[Entry]) -> None:
    suffix = "" if currency == ENTITIES[entity].currency else f"-{currency}"
    name = f"REL-{entity}-{day:%Y-%m}{suffix}"
    heading = Heading("Journal", name, None, None, entity, currency, None, day, at(day, 23), "B", "Revenue release")
    number = world.posted.get(name)
    if number is None:
        world.posted[name] = post(world, heading, entries)
    else:
        write_entries(world, number, heading, entries)


def release_again(world: World) -> None:
    """Rebuild all release journals from what is deferred now."""
    journals = [name for name in world.posted if name.startswith("REL-")]
    kept = {name: world.posted[name] for name in journals}
    for number in kept.values():
        erase_lines(world, number)
    day = month_end(world.start)
    while day <= world.as_of:
        release_month(world, day)
        day = month_end(day + DAY)
    for name, number in kept.items():
        if number not in world.ledger_lines:
            erase(world, number)
            del world.posted[name]
