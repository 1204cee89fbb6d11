"""What people do with corrections: look, approve, reject, retry, compensate; each in one transaction with its audit entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from q2c_pipeline.corrections import approval, outbox
from q2c_pipeline.corrections.approval import Shown
from q2c_pipeline.corrections.compensation import refuse_out_of_order, undoing
from q2c_pipeline.corrections.record import Correction, Status, find, move, select_where
from q2c_pipeline.corrections.settling import plan_of
from q2c_pipeline.corrections.trail import Trail
from q2c_pipeline.domain.people import Actor, Permission, require
from q2c_pipeline.errors import CorrectionError
from q2c_pipeline.exceptions.cases import By
from q2c_pipeline.exceptions.work import let_be, mark_waiting
from q2c_pipeline.orchestration.correcting import acting
from q2c_pipeline.settings import Settings
from q2c_pipeline.state.correction_tables import CORRECTION

_SHORT = 12
_LIFE = list(Status)
_LISTED: dict[str, pl.DataType | type[pl.DataType]] = {
    "correction_id": pl.String,
    "status": pl.String,
    "control_id": pl.String,
    "subject_key": pl.String,
    "action": pl.String,
    "instance": pl.String,
    "step": pl.Int64,
    "currency": pl.String,
    "difference_amount": pl.Decimal(38, 4),
    "queue": pl.String,
    "note": pl.String,
}


@dataclass(frozen=True)
class Filters:
    """Which corrections are meant; what is left out fits all."""

    status: Status | None = None
    control: str | None = None
    entity: str | None = None
    exception: str | None = None
    without: Sequence[str] = ()
    """Exceptions that are left out, by the beginning of their ids."""

    def conditions(self) -> list[Any]:
        """As the database is asked."""
        left_out = [~CORRECTION.c.exception_id.startswith(one, autoescape=True) for one in self.without]
        given = {"status": self.status, "control_id": self.control, "legal_entity_code": self.entity}
        found = [*left_out, *(CORRECTION.c[name] == value for name, value in given.items() if value is not None)]
        return [*found, CORRECTION.c.exception_id.startswith(self.exception, autoescape=True)] if self.exception else found


def listed(settings: Settings, filters: Filters, at: datetime) -> pl.DataFrame:
    """Corrections as rows: what waits for a decision first, then control by control."""
    with acting(settings, "", at) as trail:
        found = select_where(trail.connection, *filters.conditions())
    found.sort(key=lambda one: (_LIFE.index(one.status), one.control_id, one.subject_key, one.step))
    rows = [tuple(getattr(one, name) for name in _LISTED) for one in found]
    return pl.DataFrame(rows, schema=_LISTED, orient="row")


@dataclass(frozen=True)
class Whole:
    """One correction with the other steps of its plan and every attempt to push it."""

    correction: Correction
    plan: Sequence[Correction]
    attempts: Sequence[dict[str, object]]


def whole(settings: Settings, correction_id: str, at: datetime) -> Whole:
    """Everything about one correction; raises CorrectionError for an unknown id."""
    with acting(settings, "", at) as trail:
        one = find(trail.connection, correction_id)
        return Whole(one, plan_of(trail.connection, one), outbox.attempts_of(trail.connection, one))


def shown(settings: Settings, ids: Sequence[str], filters: Filters, at: datetime) -> Shown:
    """What would be decided: these ids, or all proposals that fit the filters; nothing is decided."""
    with acting(settings, "", at) as trail:
        return _shown(trail, ids, filters)


def approve(
    settings: Settings, actor: Actor, ids: Sequence[str], filters: Filters, confirmed: str, why: str, at: datetime
) -> list[Correction]:
    """Approve a set as it was shown; the cases of what may now be pushed wait for it.

    Raises CorrectionError, naming each, for a set with corrections of exceptions that were waived or resolved meanwhile.
    """
    with acting(settings, actor.name, at) as trail:
        rules = [rule.rule for rule in settings.policy.approvals.rules]
        asked = _shown(trail, ids, filters)
        _refuse_let_be(trail, asked)
        ready = approval.approve(trail, asked, confirmed, _permit(actor), rules, why)
        by = By(actor, at, trail.rule_version)
        for exception_id in _to_repair(ready):
            mark_waiting(trail.connection, exception_id, by, "a correction was approved")
        return ready


def _refuse_let_be(trail: Trail, asked: Shown) -> None:
    found = let_be(trail.connection, _to_repair(asked.corrections))
    if not found:
        return
    named = [f"{one.control_id} {one.subject_key} ({one.exception_id[:_SHORT]}) is {one.status.value}" for one in found]
    rest = " ".join(f"--without {one.exception_id[:_SHORT]}" for one in found)
    raise CorrectionError(
        expected="corrections of exceptions that are to be repaired",
        found="; ".join(named),
        where=f"{len(asked.corrections)} corrections, of which none was approved",
        next_step=f"for the rest: `q2c corrections approve` with the same filters and {rest}; "
        "for these: `q2c exceptions reopen` first",
    )


def _to_repair(corrections: Sequence[Correction]) -> list[str]:
    """The exceptions that these repair; an undoing or a note repairs none."""
    return sorted({one.exception_id for one in corrections if one.repairs})


def reject(
    settings: Settings, actor: Actor, ids: Sequence[str], filters: Filters, confirmed: str, why: str, at: datetime
) -> list[Correction]:
    """Turn a set down as it was shown."""
    with acting(settings, actor.name, at) as trail:
        return approval.reject(trail, _shown(trail, ids, filters), confirmed, _permit(actor), why)


def retry(settings: Settings, actor: Actor, correction_id: str, why: str, at: datetime) -> Correction:
    """Let a dead letter be pushed again; one whose last attempt was never answered is looked up first."""
    with acting(settings, actor.name, at) as trail:
        one = find(trail.connection, correction_id)
        require(actor, Permission.PUSH_CORRECTIONS, one.legal_entity_code)
        approval.refuse_orphan(trail, one)
        status = Status.UNKNOWN if outbox.is_unanswered(trail.connection, one) else Status.APPROVED
        after = move(trail.connection, one, status, at, why)
        outbox.rearm(trail.connection, one, at, must_look_up=status is Status.UNKNOWN)
        trail.note("retry correction", after, one, why)
        return after


def compensate(settings: Settings, actor: Actor, correction_id: str, why: str, at: datetime) -> Correction:
    """Propose the undoing of a correction that took effect; it is approved and pushed like any other."""
    with acting(settings, actor.name, at) as trail:
        one = find(trail.connection, correction_id)
        require(actor, Permission.PROPOSE_CORRECTIONS, one.legal_entity_code)
        refuse_out_of_order(trail.connection, one)
        return undoing(trail, one, settings.business_day(at), why)


def _shown(trail: Trail, ids: Sequence[str], filters: Filters) -> Shown:
    if not ids:
        proposed = (*filters.conditions(), CORRECTION.c.status == Status.PROPOSED)
        ids = [one.correction_id for one in select_where(trail.connection, *proposed)]
    return approval.proposed(trail, ids)


def _permit(actor: Actor) -> approval.Permit:
    return lambda entity: require(actor, Permission.APPROVE_CORRECTIONS, entity)
