"""Exceptions at the command line: lists, queues and histories from the state store, and what people do to one or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection

from q2c_pipeline.domain.people import Actor, UserRole
from q2c_pipeline.errors import CaseError
from q2c_pipeline.exceptions import grouping, selection
from q2c_pipeline.exceptions.cases import By, Case, Event, case, events
from q2c_pipeline.exceptions.selection import Filters, Result
from q2c_pipeline.orchestration.acting import current_actor
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.settings import Settings, did_you_mean
from q2c_pipeline.state.store import writing

_LISTED: dict[str, pl.DataType | type[pl.DataType]] = {
    "exception_id": pl.String,
    "control_id": pl.String,
    "severity": pl.String,
    "status": pl.String,
    "queue": pl.String,
    "assignee": pl.String,
    "legal_entity_code": pl.String,
    "subject_key": pl.String,
    "currency": pl.String,
    "difference_amount": pl.Decimal(38, 4),
    "amount_at_risk": pl.Decimal(38, 4),
    "due_on": pl.Date,
}
Action = Callable[[Connection, str, By], Case]


@dataclass(frozen=True)
class Chosen:
    """Ids that were named, or the set that filters choose and the name under which it was shown."""

    exception_ids: Sequence[str] = ()
    filters: Filters = field(default_factory=Filters)
    shown: str | None = None


@dataclass(frozen=True)
class History:
    """A case, what happened to it, and what was merged into it."""

    case: Case
    events: list[Event]
    parts: list[Case]


def today(settings: Settings, now: datetime) -> date:
    """The calendar day in the company's time zone."""
    return now.astimezone(ZoneInfo(settings.company.time_zone)).date()


def listed(settings: Settings, filters: Filters, day: date) -> tuple[pl.DataFrame, str]:
    """The exceptions that fit, with their age in days and whether they are overdue, and the name of this set."""
    with state_of(settings) as state, state.connect() as connection:
        found = selection.chosen(connection, filters)
    rows = [[getattr(one, name) for name in _LISTED] + [(day - one.opened_on).days, one.is_overdue(day)] for one in found]
    schema = _LISTED | {"age_days": pl.Int64, "is_overdue": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row"), selection.set_digest(found)


def queues(settings: Settings, day: date) -> pl.DataFrame:
    """What waits in each queue and entity: how many, how grave, how much, how many overdue, and the oldest."""
    found, _ = listed(settings, Filters(), day)
    return (
        found.group_by("queue", "legal_entity_code")
        .agg(
            pl.len().alias("exceptions"),
            pl.col("severity").is_in(["critical", "high"]).sum().alias("critical_or_high"),
            pl.col("assignee").is_null().sum().alias("unassigned"),
            pl.col("is_overdue").sum().alias("overdue"),
            pl.col("age_days").max().alias("oldest_days"),
            pl.col("amount_at_risk").sum(),
        )
        .sort("queue", "legal_entity_code", nulls_last=True)
    )


def history(settings: Settings, exception_id: str) -> History:
    """Everything about one exception."""
    with state_of(settings) as state, state.connect() as connection:
        one = case(connection, exception_id)
        return History(one, events(connection, one.exception_id), grouping.parts_of(connection, one.exception_id))


def act(settings: Settings, chosen: Chosen, now: datetime, action: Action) -> list[Result]:
    """Do one thing to one or many, with a result for each; raises CaseError where the set is not the one that was shown."""
    by = acting(settings, now)
    with state_of(settings) as state, writing(state) as connection:
        return selection.each(_ids(connection, chosen), lambda one: action(connection, one, by))


def act_once(settings: Settings, now: datetime, action: Callable[[Connection, By], Case]) -> Case:
    """Do one thing as a whole, or nothing."""
    by = acting(settings, now)
    with state_of(settings) as state, writing(state) as connection:
        return action(connection, by)


def acting(settings: Settings, now: datetime) -> By:
    """Whoever runs this, at this moment, under the policy in force."""
    in_force = settings.on(today(settings, now))
    return By(current_actor(in_force), now, in_force.policy.version)


def colleague(settings: Settings, name: str) -> Actor:
    """Somebody whom the policy knows; where it names no people, anybody."""
    people = settings.policy.people
    if not people:
        return Actor(name, frozenset({UserRole.ADMIN}))
    if name not in people:
        raise CaseError(
            expected="somebody named under [policy.people]", found=f"'{name}'", where="--to", next_step=did_you_mean(name, people)
        )
    return Actor(name, people[name].roles, people[name].entities)


def mine(settings: Settings, filters: Filters) -> Filters:
    """Only what is assigned to whoever runs this."""
    return replace(filters, assignee=current_actor(settings).name)


def results(done: Sequence[Result]) -> pl.DataFrame:
    """A line for each item."""
    rows = [(one.exception_id, "done" if one.done else "refused", one.said) for one in done]
    return pl.DataFrame(rows, schema={"exception_id": pl.String, "result": pl.String, "says": pl.String}, orient="row")


def _ids(connection: Connection, chosen: Chosen) -> list[str]:
    if chosen.exception_ids:
        return list(chosen.exception_ids)
    if chosen.shown is None:
        raise CaseError(
            expected="ids, or filters and the name of the set that they chose",
            found="neither",
            where="q2c exceptions",
            next_step="run `q2c exceptions list` with these filters and give the name that it prints with --confirm",
        )
    selected = selection.chosen(connection, chosen.filters)
    selection.refuse_changed(selected, chosen.shown)
    return [one.exception_id for one in selected]
