"""Many exceptions at once: choosing them, proving that the set is still the one that was looked at, and a result for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, case, select

from q2c_pipeline.domain.keys import digest
from q2c_pipeline.domain.people import Queue
from q2c_pipeline.errors import CaseError, Q2CError
from q2c_pipeline.exceptions.cases import Case, cases
from q2c_pipeline.exceptions.lifecycle import UNRESOLVED, Status
from q2c_pipeline.state.case_tables import EXCEPTION_CASE

_SEVERITIES = {"critical": 0, "high": 1, "medium": 2, "low": 3}

_UNRESOLVED = sorted(status.value for status in UNRESOLVED)


@dataclass(frozen=True)
class Filters:
    """What to look at; without a status, everything that still needs somebody."""

    queue: Queue | None = None
    entity: str | None = None
    severity: str | None = None
    status: Status | None = None
    control: str | None = None
    assignee: str | None = None
    overdue_on: date | None = None


@dataclass(frozen=True)
class Result:
    """What came of one item of many."""

    exception_id: str
    done: bool
    said: str


def chosen(connection: Connection, filters: Filters) -> list[Case]:
    """The cases that fit, without those that were merged into others; the most severe and longest due first."""
    return cases(connection, _query(filters))


def _query(filters: Filters) -> Select[Any]:
    table = EXCEPTION_CASE
    equal = {
        "queue": filters.queue.value if filters.queue else None,
        "legal_entity_code": filters.entity,
        "severity": filters.severity,
        "control_id": filters.control,
        "assignee": filters.assignee,
    }
    states = [filters.status.value] if filters.status else _UNRESOLVED
    query = select(table).where(table.c.status.in_(states), table.c.merged_into.is_(None))
    for name, value in equal.items():
        query = query if value is None else query.where(table.c[name] == value)
    if filters.overdue_on is not None:
        query = query.where(table.c.due_on < filters.overdue_on, table.c.status.in_(_UNRESOLVED))
    return query.order_by(case(_SEVERITIES, value=table.c.severity), table.c.due_on, table.c.exception_id)


def set_digest(selected: Sequence[Case]) -> str:
    """A short name of exactly these cases as they stand: it changes when one joins, leaves or changes."""
    return digest(*(f"{one.exception_id}:{one.version}" for one in sorted(selected, key=lambda one: one.exception_id)), length=12)


def refuse_changed(selected: Sequence[Case], shown: str) -> None:
    """Raise CaseError unless the set is the one whose digest was shown."""
    now = set_digest(selected)
    if now != shown:
        raise CaseError(
            expected=f"the set {shown} that was looked at",
            found=f"another set, {now}, of {len(selected)} exceptions",
            where="action on many exceptions",
            next_step="look at the list again, and give the name of the set that it prints",
        )


def each(selected: Sequence[str], do: Callable[[str], Case]) -> list[Result]:
    """Do something to each; what is refused for one does not stop the others."""
    return [_one(exception_id, do) for exception_id in selected]


def _one(exception_id: str, do: Callable[[str], Case]) -> Result:
    try:
        after = do(exception_id)
    except Q2CError as error:  # refusals come before anything is written: the transaction is as it was
        return Result(exception_id, done=False, said=f"{error}")
    return Result(after.exception_id, done=True, said=after.status.value)
