"""Corrections after a night: judge what was pushed, take in what is proposed, and approve what the policy lets through."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from q2c_pipeline.corrections.approval import LetBe, approve_automatically
from q2c_pipeline.corrections.compensation import undo_plan
from q2c_pipeline.corrections.refresh import Refreshed, last_seen, refresh
from q2c_pipeline.corrections.trail import Trail
from q2c_pipeline.corrections.verification import (
    Effect,
    Facts,
    Judged,
    acknowledged,
    exceptions_of,
    notes_in_effect,
    verify,
)
from q2c_pipeline.domain.people import NIGHT, Actor
from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.exceptions.cases import By
from q2c_pipeline.exceptions.work import let_be, mark_waiting, reopen_ineffective
from q2c_pipeline.orchestration.casework import legs_judged
from q2c_pipeline.orchestration.proposing import proposals
from q2c_pipeline.orchestration.proving import seen
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.settings import Settings
from q2c_pipeline.state.store import writing

_OPEN = "select exception_id, reason from recon.exception"


@dataclass(frozen=True)
class Taken:
    """What a night did to corrections."""

    judged: Judged
    refreshed: Refreshed
    approved: int


def take_in(settings: Settings, as_of: date, unread: Collection[str], at: datetime) -> Taken:
    """Bring the corrections to the published night, in one transaction; running it again changes nothing.

    What `unread` systems hold proves nothing, and an earlier day than the last one is left out.
    """
    settings = settings.on(as_of)
    judged_legs, _ = legs_judged(settings, unread)
    with open_published(settings.stores.published) as published, acting(settings, NIGHT, at) as trail:
        if (last := last_seen(trail.connection)) is not None and last > as_of:
            return Taken(Judged((), ()), Refreshed(0, 0, 0, 0), 0)
        facts = Facts(
            seen(settings, published, acknowledged(trail)), dict(published.query(_OPEN).iter_rows()), judged_legs, as_of
        )
        judged = verify(trail, facts, settings.policy.corrections.limits)
        by = By(Actor(NIGHT, frozenset()), at, trail.rule_version)
        for exception_id, why in exceptions_of(judged.not_effective):
            reopen_ineffective(trail.connection, exception_id, by, why)
        refreshed = refresh(trail.connection, proposals(settings, published), as_of, trail)
        approved = approve_automatically(trail, [rule.rule for rule in settings.policy.approvals.rules], _let_be(trail))
        _take_notes_back(settings, published, trail, facts)
        for exception_id in sorted({one.exception_id for one in approved if one.repairs}):
            mark_waiting(trail.connection, exception_id, by, "the policy approved a correction")
    return Taken(judged, refreshed, len(approved))


def _take_notes_back(settings: Settings, published: Warehouse, trail: Trail, facts: Facts) -> None:
    """A note goes with its exception, covered by its own approval, if it still stands as it was written."""
    over = [
        one for one in notes_in_effect(trail) if one.exception_id not in facts.open_exceptions and one.leg in facts.legs_judged
    ]
    looks = seen(settings, published, over)
    for one in over:
        if looks[one.correction_id].effect is Effect.SHOWN:
            undo_plan(trail, [one], "its exception is gone")


def _let_be(trail: Trail) -> LetBe:
    return lambda ids: [one.exception_id for one in let_be(trail.connection, ids)]


@contextmanager
def acting(settings: Settings, who: str, at: datetime) -> Iterator[Trail]:
    """One transaction of the state store in which somebody acts."""
    with state_of(settings) as engine, writing(engine) as connection:
        yield Trail(connection, who, at, settings.policy.version)
