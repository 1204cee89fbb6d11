"""From the published exceptions to their cases in the state store."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import polars as pl
from sqlalchemy import Engine, select

from q2c_pipeline.domain.kinds import Leg, Role
from q2c_pipeline.domain.people import Queue
from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.exceptions.cases import Finding
from q2c_pipeline.exceptions.comparison import Night
from q2c_pipeline.exceptions.lifecycle import Status
from q2c_pipeline.exceptions.nightly import Outcome, sync
from q2c_pipeline.exceptions.routing import Routing
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.reports.standing import STANDING
from q2c_pipeline.settings import Settings
from q2c_pipeline.settings.company import SIDES
from q2c_pipeline.state.case_tables import EXCEPTION_CASE
from q2c_pipeline.state.store import writing

_FOUND = """
select exception_id, control_id, leg, subject_key, legal_entity_code, currency, first_period, difference_amount,
    amount_at_risk, reason, severity, queue
from recon.exception order by exception_id
"""


def update_cases(settings: Settings, as_of: date, unread: Collection[str], at: datetime) -> Outcome:
    """Open, reopen, return and resolve cases by what is published; `unread` names the instances that were left out.

    A leg that reads a left-out instance is not judged: what was not looked for is not gone.
    """
    settings = settings.on(as_of)
    with open_published(settings.stores.published) as published:
        findings = [Finding(**{**row, "queue": Queue(row["queue"])}) for row in published.query(_FOUND).iter_rows(named=True)]
    judged, left_out = legs_judged(settings, unread)
    night = Night(as_of, at, settings.policy.version, judged, left_out)
    with state_of(settings) as state, writing(state) as connection:
        return sync(connection, night, findings, routing_of(settings))


def standing(state: Engine) -> pl.DataFrame:
    """Where each case that is not resolved stands, as reports show it."""
    case = EXCEPTION_CASE.c
    named = select(case.exception_id, case.status.label("case_status"), case.assignee, case.opened_on, case.due_on)
    with state.connect() as connection:
        rows = connection.execute(named.where(case.status != Status.RESOLVED.value)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=STANDING, orient="row")


def routing_of(settings: Settings) -> Routing:
    """The policy's routes, with each entity's country as its calendar unless the policy names another."""
    countries = {code: entity.country for code, entity in settings.company.entities.items()}
    return settings.policy.exceptions.routing(countries)


def legs_judged(settings: Settings, unread: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Legs in which everything was looked for, and those in which it was not.

    Legs about no two systems in particular (master data, status, lag, quality) need all systems.
    """
    roles = {one.plays for one in settings.instances if one.name in unread}
    running = {leg for leg in Leg if leg not in SIDES or leg in settings.legs}
    left_out = {leg for leg in running if roles & set(SIDES.get(leg, Role))}
    return frozenset(leg.value for leg in running - left_out), frozenset(leg.value for leg in left_out)
