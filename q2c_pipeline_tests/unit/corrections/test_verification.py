"""Proof and undoing: both facts are needed, absence counts only when it was looked for, and an undoing is a correction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Engine

from q2c_pipeline.corrections import approval
from q2c_pipeline.corrections.compensation import undoing
from q2c_pipeline.corrections.outbox import Claim
from q2c_pipeline.corrections.policy import Approvers, Limits, Rule
from q2c_pipeline.corrections.proposal import Proposal
from q2c_pipeline.corrections.record import Correction, Status, select_where
from q2c_pipeline.corrections.refresh import refresh
from q2c_pipeline.corrections.settling import Desk, settle, take
from q2c_pipeline.corrections.verification import Effect, Facts, Judged, Seen, exceptions_of, verify
from q2c_pipeline.domain.repairs import Action, FieldChange, Outcome, Remove, ReverseJournal, SetFields, Verdict
from q2c_pipeline.errors import CorrectionError
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.corrections.making import AT, DAY, anybody, by, journal, set_status

LIMITS = Limits(wait_days=10)
SHOWN, MISSING = Seen(Effect.SHOWN, "status is Canceled", is_since=True), Seen(Effect.MISSING, "status is Active", is_since=True)
WAITING = Seen(Effect.WAITING, "draft JE-1 waits for an accountant", is_since=True)
WRONG = "the order says Active"


def _pushed(state: Engine, proposal: Proposal) -> Correction:
    with writing(state) as connection:
        refresh(connection, [proposal], DAY, by(connection, "the night"))
    return _approve_and_push(state)


def _approve_and_push(state: Engine, who: str = "anna") -> Correction:
    with writing(state) as connection:
        trail = by(connection, who)
        waiting = [one.correction_id for one in select_where(connection) if one.status is Status.PROPOSED]
        shown = approval.proposed(trail, waiting)
        approval.approve(trail, shown, shown.digest, anybody, [Rule(Approvers.ONE)], "fine")
    with writing(state) as connection:
        desk = Desk(by(connection, "p"), "p", LIMITS)
        (claim,) = [each for name in ("sf_main", "netsuite_main") for each in take(desk, name, 9)]
        settle(desk, claim, _done(claim), timedelta(0))
    return _one(state, claim.correction.correction_id)


def _done(claim: Claim) -> Outcome:
    return Outcome(claim.correction.correction_id, Verdict.DONE, "77", "v2")


def _one(state: Engine, correction_id: str) -> Correction:
    with state.connect() as connection:
        return next(one for one in select_where(connection) if one.correction_id == correction_id)


def _judge(state: Engine, one: Correction, seen: Seen, wrong: str | None, days: int = 1, leg: str = "ST BP") -> Judged:
    facts = Facts({one.correction_id: seen}, {one.exception_id: wrong} if wrong else {}, leg.split(), DAY + timedelta(days=days))
    with writing(state) as connection:
        return verify(by(connection, "the night"), facts, LIMITS)


def test_an_effect_that_shows_and_an_exception_that_is_gone_are_proof(state: Engine) -> None:
    one = _pushed(state, set_status())
    assert len(_judge(state, one, SHOWN, None).verified) == 1
    assert _one(state, one.correction_id).note == "status is Canceled; the exception is gone"


def test_a_note_is_proved_by_standing_there_while_its_exception_stands(state: Engine) -> None:
    one = _pushed(state, replace(set_status(), action=Action.NOTE))
    judged = _judge(state, one, SHOWN, WRONG, leg="BP")
    assert [each.note for each in judged.verified] == ["status is Canceled"]


def test_a_note_that_is_not_there_reopens_nothing(state: Engine) -> None:
    one = _pushed(state, replace(set_status(), action=Action.NOTE))
    judged = _judge(state, one, MISSING, WRONG)
    assert [each.status for each in judged.not_effective] == [Status.NOT_EFFECTIVE]
    assert exceptions_of(judged.not_effective) == []


def test_a_note_is_no_step_of_the_plan_that_repairs(state: Engine) -> None:
    with writing(state) as connection:
        refresh(connection, [set_status(), replace(set_status(), action=Action.NOTE)], DAY, by(connection, "the night"))
        plans = {one.action: one.plan_id for one in select_where(connection)}
    assert plans[Action.NOTE] != plans[Action.SET_FIELDS]


def test_an_effect_that_did_not_help_says_both_facts(state: Engine) -> None:
    one = _pushed(state, set_status())
    judged = _judge(state, one, SHOWN, WRONG)
    (why,) = exceptions_of(judged.not_effective)
    assert why[0] == one.exception_id
    assert "status is Canceled; the exception stands: the order says Active" in why[1]
    assert _one(state, one.correction_id).status is Status.NOT_EFFECTIVE


def test_an_exception_that_is_gone_without_the_effect_is_no_proof(state: Engine) -> None:
    one = _pushed(state, set_status())
    assert len(_judge(state, one, MISSING, None).not_effective) == 1


@pytest.mark.parametrize("wrong", [None, WRONG])
def test_absence_counts_only_when_the_system_was_read_since(state: Engine, wrong: str | None) -> None:
    one = _pushed(state, set_status())
    judged = _judge(state, one, Seen(Effect.MISSING, "status is Active", is_since=False), wrong)
    assert judged == Judged((), ())
    assert _one(state, one.correction_id).note == "its system was not read since"


def test_a_leg_that_was_not_judged_proves_nothing(state: Engine) -> None:
    one = _pushed(state, set_status())
    assert _judge(state, one, SHOWN, None, leg="BP") == Judged((), ())


def test_a_draft_waits_for_people_and_not_for_ever(state: Engine) -> None:
    one = _pushed(state, journal())
    assert _judge(state, one, WAITING, WRONG, days=2) == Judged((), ())
    assert _one(state, one.correction_id).note == WAITING.says
    assert len(_judge(state, one, WAITING, WRONG, days=LIMITS.wait_days + 2).not_effective) == 1


def test_a_draft_that_nobody_needs_any_more_is_said_to_be_one(state: Engine) -> None:
    one = _pushed(state, journal())
    assert _judge(state, one, WAITING, None) == Judged((), ())
    assert "undo the correction if nobody needs it" in _one(state, one.correction_id).note


def test_an_undoing_restores_the_values_and_needs_its_own_approval(state: Engine) -> None:
    one = _pushed(state, set_status())
    with writing(state) as connection:
        undo = undoing(by(connection, "carl"), one, DAY, "wrong order")
    assert undo.payload == SetFields((FieldChange("Billing_Status__c", "Canceled", "Active"),))
    assert (undo.target.version, undo.status) == ("v2", Status.PROPOSED)
    assert undo.attempt_key != one.attempt_key
    with pytest.raises(CorrectionError, match="another person"):
        _approve_and_push(state, "carl")
    _approve_and_push(state, "anna")
    assert _one(state, one.correction_id).status is Status.COMPENSATED


def test_a_draft_is_deleted_and_a_posted_journal_reversed(state: Engine) -> None:
    one = _pushed(state, journal())
    with writing(state) as connection:
        undo = undoing(by(connection, "carl"), one, DAY, "not needed")
    assert (undo.action, undo.payload) == (Action.REMOVE, Remove("journalEntry", "77"))


def test_a_journal_that_was_posted_is_reversed(state: Engine) -> None:
    one = _pushed(state, journal())
    _judge(state, one, Seen(Effect.SHOWN, "posted: journal JE-1", is_since=True), None)
    with writing(state) as connection:
        undo = undoing(by(connection, "carl"), _one(state, one.correction_id), date(2026, 7, 2), "not needed")
    assert (undo.action, undo.payload) == (Action.REVERSE_JOURNAL, ReverseJournal("77", date(2026, 7, 2)))


def test_what_never_took_effect_cannot_be_undone(state: Engine) -> None:
    with writing(state) as connection:
        refresh(connection, [set_status()], DAY, by(connection, "the night"))
    with state.connect() as connection:
        (one,) = select_where(connection)
    with pytest.raises(CorrectionError, match="acknowledged"), writing(state) as connection:
        undoing(by(connection, "carl", AT), one, DAY, "oops")


def test_an_undoing_that_is_turned_down_leaves_the_correction_in_effect(state: Engine) -> None:
    one = _pushed(state, set_status())
    with writing(state) as connection:
        undo = undoing(by(connection, "carl"), one, DAY, "wrong order")
    with writing(state) as connection:
        trail = by(connection, "anna")
        shown = approval.proposed(trail, [undo.correction_id])
        approval.reject(trail, shown, shown.digest, anybody, "it is right")
    assert _one(state, one.correction_id).status is Status.ACKNOWLEDGED
