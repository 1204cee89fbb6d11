"""Findings, nights and people for tests of the life of exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Engine

from q2c_pipeline.domain.keys import digest
from q2c_pipeline.domain.people import Actor, Queue, UserRole
from q2c_pipeline.exceptions.cases import By, Case, Finding, case
from q2c_pipeline.exceptions.comparison import Night
from q2c_pipeline.exceptions.nightly import Outcome, sync
from q2c_pipeline.exceptions.routing import Routing, Rule
from q2c_pipeline.state.store import writing

FRIDAY = date(2026, 4, 3)
LEGS = frozenset({"BB", "BP", "MD", "DQ"})
ADA = Actor("ada", frozenset({UserRole.REVENUE_OPERATIONS}))
GRACE = Actor("grace", frozenset({UserRole.FINANCE_OPERATIONS}), frozenset({"DE"}))
HEDY = Actor("hedy", frozenset({UserRole.CONTROLLER}))
ROUTING = Routing(
    rules=(Rule(controls=frozenset({"BP05"}), queue=Queue.TAX), Rule(entities=frozenset({"JP"}), due_days=7)),
    due_days={"critical": 1, "high": 3, "medium": 10, "low": 20},
    calendars={"DE": "DE", "US": "US"},
)


def finding(name: str = "line 1", **changes: object) -> Finding:
    """One exception of 250 EUR, found in the German entity."""
    one = Finding(
        exception_id=digest(name, length=64),
        control_id="BB04",
        leg="BB",
        subject_key=name,
        legal_entity_code="DE",
        currency="EUR",
        first_period=date(2026, 3, 1),
        difference_amount=Decimal("250.0000"),
        amount_at_risk=Decimal("270.0000"),
        reason="billed 950.00 instead of 1,200.00",
        severity="medium",
        queue=Queue.REVENUE_OPERATIONS,
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def a_night(as_of: date, *, judged: frozenset[str] = LEGS) -> Night:
    """A run in the small hours of the day after."""
    at = datetime.combine(as_of, datetime.min.time(), UTC) + timedelta(days=1, hours=2)
    return Night(as_of, at, "3", judged, LEGS - judged)


def reconcile(state: Engine, as_of: date, findings: Sequence[Finding], *, judged: frozenset[str] = LEGS) -> Outcome:
    """One night."""
    with writing(state) as connection:
        return sync(connection, a_night(as_of, judged=judged), findings, ROUTING)


def read(state: Engine, name: str = "line 1") -> Case:
    """The case of a finding as it stands."""
    with state.connect() as connection:
        return case(connection, digest(name, length=64))


def by(actor: Actor, day: date = FRIDAY) -> By:
    """An action at noon."""
    return By(actor, datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12), "3")
