"""Events that share one audit entry are proved by a digest in it: an event added, removed or changed by hand is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any

from sqlalchemy import Connection, Row, select

from q2c_pipeline.state.audit import BrokenLink
from q2c_pipeline.state.audit_tables import AUDIT_ENTRY
from q2c_pipeline.state.case_tables import EXCEPTION_EVENT

MANY = "exceptions."
"""What an entry for many events begins with; one for a single event begins with `exception.`."""
EventFacts = tuple[str, str, str | None, str | None, str]
"""An event's exception id, kind, old, new and reason, as stored."""


def digest_of(events: Iterable[EventFacts]) -> str:
    """Digest of events in the order of their exceptions."""
    total = hashlib.sha256()
    for one in events:
        total.update(json.dumps(one, ensure_ascii=False).encode())
    return total.hexdigest()


def first_forged(connection: Connection) -> BrokenLink | None:
    """The first audit entry about exceptions whose events are not those that it was written for."""
    entry, event = AUDIT_ENTRY, EXCEPTION_EVENT
    ours = select(entry).where(entry.c.what.startswith("exception")).subquery()
    facts = [event.c[name].label(f"event_{name}") for name in ("exception_id", "kind", "old", "new", "why")]
    query = (
        select(ours, *facts)
        .join_from(ours, event, ours.c.entry_number == event.c.audit_number, isouter=True)
        .order_by(ours.c.entry_number, event.c.exception_id, event.c.event_id)
        .execution_options(yield_per=5_000)
    )
    for number, rows in groupby(connection.execute(query), key=lambda row: row.entry_number):
        first, events = _split(rows)
        expected, found = _promised(first), digest_of(events)
        if expected != found:
            return BrokenLink(number, expected, found, "the events of exceptions that it stands for were changed")
    return None


def _split(rows: Iterator[Row[Any]]) -> tuple[Row[Any], Iterator[EventFacts]]:
    """The entry itself, and its events."""
    first = next(rows)
    events = (
        (row.event_exception_id, row.event_kind, row.event_old, row.event_new, row.event_why) for row in chain([first], rows)
    )
    return first, (one for one in events if one[0] is not None)


def _promised(entry: Row[Any]) -> str:
    """The digest that an entry of many holds, or that of the one event that an entry of one describes."""
    if entry.what.startswith(MANY):
        return str(json.loads(entry.new)["digest"])
    exception_id, kind = entry.subject.removeprefix("exception:"), entry.what.removeprefix("exception.")
    return digest_of([(exception_id, kind, entry.old, entry.new, entry.why)])
