"""Cases as they are kept: reading them, and writing what happened to one together with its event and its audit entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from q2c_pipeline.domain.people import Actor, Queue
from q2c_pipeline.errors import CaseError
from q2c_pipeline.exceptions.lifecycle import UNRESOLVED, Happening, Status
from q2c_pipeline.state.audit import Entry, append, canonical
from q2c_pipeline.state.case_tables import EXCEPTION_CASE, EXCEPTION_EVENT

_AT_ONCE = 5_000
"""Ids in one query: databases limit them."""


@dataclass(frozen=True)
class By:
    """Who acts, when, and under which version of the policy."""

    actor: Actor
    at: datetime
    rule_version: str


@dataclass(frozen=True)
class Finding:
    """One exception that a night found; `queue` is where its control sends it."""

    exception_id: str
    control_id: str
    leg: str
    subject_key: str
    legal_entity_code: str | None
    currency: str | None
    first_period: date | None
    difference_amount: Decimal | None
    amount_at_risk: Decimal | None
    reason: str
    severity: str
    queue: Queue


@dataclass(frozen=True)
class Case(Finding):
    """One exception as the last night found it, where it stands, and the queue that the policy gives it to."""

    status: Status
    assignee: str | None
    first_seen: date
    last_seen: date
    opened_on: date
    due_on: date
    resolved_on: date | None = None
    waived_until: date | None = None
    waived_by: str | None = None
    waiver_reason: str | None = None
    waived_amount: Decimal | None = None
    merged_into: str | None = None
    times_reopened: int = 0
    version: int = 1

    def is_overdue(self, today: date) -> bool:
        """Whether it should have been resolved by now and nobody has."""
        return self.status in UNRESOLVED and self.due_on < today


@dataclass(frozen=True)
class Event:
    """One thing that happened to a case."""

    at: datetime
    who: str
    kind: Happening
    old: str | None
    new: str | None
    why: str


def case(connection: Connection, exception_id: str) -> Case:
    """One case by its id, or by as much of its beginning as is unique; raises CaseError for none and for several."""
    matching = EXCEPTION_CASE.c.exception_id.startswith(exception_id, autoescape=True)
    found = cases(connection, select(EXCEPTION_CASE).where(matching).limit(3)) if exception_id else []
    if len(found) != 1:
        raise CaseError(
            expected="the id of one exception, or its beginning",
            found=f"'{exception_id}', which is {'none' if not found else 'several'}",
            where="exceptions",
            next_step="`q2c exceptions list` shows the ids; a new exception is there after the night that found it",
        )
    return found[0]


def cases(connection: Connection, query: Select[Any] | None = None) -> list[Case]:
    """All cases, or those of a query on their table."""
    rows = connection.execute(select(EXCEPTION_CASE) if query is None else query).mappings()
    return [Case(**{**row, "queue": Queue(row["queue"]), "status": Status(row["status"])}) for row in rows]


def cases_with(connection: Connection, exception_ids: Iterable[str]) -> list[Case]:
    """The cases of these ids, as far as there are any."""
    table = EXCEPTION_CASE
    return [
        one
        for some in in_portions(exception_ids)
        for one in cases(connection, select(table).where(table.c.exception_id.in_(some)))
    ]


def events(connection: Connection, exception_id: str) -> list[Event]:
    """Everything that happened to a case, oldest first."""
    table = EXCEPTION_EVENT
    query = select(table).where(table.c.exception_id == exception_id).order_by(table.c.event_id)
    return [Event(row.at, row.who, Happening(row.kind), row.old, row.new, row.why) for row in connection.execute(query)]


def change(connection: Connection, before: Case, happening: Happening, changes: Mapping[str, object], by: By, why: str) -> Case:
    """Write what happened: the case as it is now, an event and an audit entry; raises CaseError if it has changed meanwhile."""
    old = {name: getattr(before, name) for name in changes}
    entry = Entry(
        at=by.at,
        who=by.actor.name,
        what=f"exception.{happening.value}",
        subject=f"exception:{before.exception_id}",
        old=old or None,
        new=changes or None,
        why=why,
        rule_version=by.rule_version,
    )
    number = append(connection, entry).entries
    _write(connection, before, changes)
    event = {"exception_id": before.exception_id, "at": by.at, "who": by.actor.name, "kind": happening.value, "why": why}
    texts = {"old": canonical(entry.old), "new": canonical(entry.new), "audit_number": number}
    connection.execute(insert(EXCEPTION_EVENT), event | texts)
    return replace(before, **changes, version=before.version + 1)  # type: ignore[arg-type]


def _write(connection: Connection, before: Case, changes: Mapping[str, object]) -> None:
    table = EXCEPTION_CASE
    unchanged = (table.c.exception_id == before.exception_id) & (table.c.version == before.version)
    written = connection.execute(update(table).where(unchanged).values(**stored(changes), version=before.version + 1))
    if written.rowcount != 1:
        raise CaseError(
            expected="an exception that nobody else is changing",
            found="a newer version of it",
            where=f"exception {before.exception_id[:12]}",
            next_step="look at it again, then repeat",
        )


def stored(values: Mapping[str, object]) -> dict[str, object]:
    """Values as a database driver takes them: words of a closed list as plain text."""
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}


def in_portions(exception_ids: Iterable[str], size: int = _AT_ONCE) -> Iterator[list[str]]:
    """Ids in lists that a query can take."""
    rest = iter(exception_ids)
    while some := list(islice(rest, size)):
        yield some
