"""What comes back after it had stopped: approved anew by anybody, pushed under the same key, and never behind a dead step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from q2c_pipeline.corrections import approval
from q2c_pipeline.corrections.compensation import refuse_out_of_order, undoing
from q2c_pipeline.corrections.outbox import Claim
from q2c_pipeline.corrections.policy import Approvers, Limits, Rule
from q2c_pipeline.corrections.proposal import Proposal
from q2c_pipeline.corrections.record import Correction, Status, select_where
from q2c_pipeline.corrections.refresh import refresh
from q2c_pipeline.corrections.settling import Desk, settle, take
from q2c_pipeline.domain.repairs import Outcome, Verdict
from q2c_pipeline.errors import CorrectionError
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.corrections.making import AT, DAY, anybody, by, journal, set_status

LIMITS = Limits(attempts=1)
ONE = [Rule(Approvers.ONE)]
PLAN = (journal(step=1), journal(step=2))


def night(state: Engine, *proposals: Proposal, at: datetime = AT) -> None:
    with writing(state) as connection:
        refresh(connection, proposals, DAY, by(connection, "the night", at))


def approve(state: Engine, who: str = "anna", at: datetime = AT) -> Sequence[Correction]:
    with writing(state) as connection:
        trail = by(connection, who, at)
        waiting = [one.correction_id for one in select_where(connection) if one.status is Status.PROPOSED]
        shown = approval.proposed(trail, waiting)
        return approval.approve(trail, shown, shown.digest, anybody, ONE, "fine")


def pushed(state: Engine, verdict: Verdict, at: datetime = AT) -> Claim:
    """One correction is sent and settled."""
    with writing(state) as connection:
        desk = Desk(by(connection, "robot", at), "p1", LIMITS)
        claims = take(desk, "netsuite_main", 1) or take(desk, "sf_main", 1)
    outcome = Outcome(claims[0].correction.correction_id, verdict, "made-1")
    with writing(state) as connection:
        settle(Desk(by(connection, "robot", at), "p1", LIMITS), claims[0], outcome, timedelta(0))
    return claims[0]


def statuses(state: Engine) -> list[Status]:
    with state.connect() as connection:
        return [one.status for one in select_where(connection)]


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.CHANGED, Verdict.REJECTED])
def test_what_comes_back_is_approved_and_pushed_under_the_same_key(state: Engine, verdict: Verdict) -> None:
    night(state, set_status())
    approve(state)
    first = pushed(state, verdict)
    night(state, at=AT + timedelta(hours=1))
    night(state, set_status(), at=AT + timedelta(hours=2))
    assert Status.PROPOSED in statuses(state)
    approve(state, at=AT + timedelta(hours=3))  # anna again: her first approval went with the first round
    second = pushed(state, Verdict.DONE, AT + timedelta(hours=4))
    assert second.correction.attempt_key == first.correction.attempt_key
    assert (second.attempts, second.must_look_up) == (1, False)
    assert Status.ACKNOWLEDGED in statuses(state)


def test_what_is_refused_again_has_one_task(state: Engine) -> None:
    for hour in (0, 3):
        at = AT + timedelta(hours=hour)
        night(state, set_status(), at=at)
        approve(state, at=at)
        pushed(state, Verdict.REJECTED, at)
        assert sorted(statuses(state)) == [Status.REFUSED, Status.TASK]
        night(state, at=at + timedelta(hours=1))
        assert sorted(statuses(state)) == [Status.CLOSED, Status.EXPIRED]


def test_one_round_is_still_not_approved_twice_by_one_person(state: Engine) -> None:
    night(state, set_status())
    four_eyes = [Rule(Approvers.FOUR_EYES)]
    with writing(state) as connection:
        trail = by(connection, "anna")
        shown = approval.proposed(trail, [one.correction_id for one in select_where(connection)])
        approval.approve(trail, shown, shown.digest, anybody, four_eyes, "fine")
        with pytest.raises(CorrectionError, match="another person"):
            approval.approve(trail, shown, shown.digest, anybody, four_eyes, "fine")


@pytest.mark.parametrize("verdict", [Verdict.CHANGED, Verdict.REJECTED, Verdict.FAILED])
def test_half_a_plan_does_not_come_back(state: Engine, verdict: Verdict) -> None:
    night(state, *PLAN)
    approve(state)
    pushed(state, verdict)
    night(state, *PLAN, at=AT + timedelta(hours=1))
    assert Status.PROPOSED not in statuses(state)


def test_a_step_is_not_approved_behind_one_that_is_taken_back(state: Engine) -> None:
    night(state, *PLAN)
    approve(state)
    pushed(state, Verdict.DONE)
    night(state, at=AT + timedelta(hours=1))  # the second step had not been sent: it expires, and is found again
    night(state, *PLAN, at=AT + timedelta(hours=2))
    with writing(state) as connection:
        one, two = select_where(connection)
        undoing(by(connection, "anna"), one, DAY, "it was wrong")
        trail = by(connection, "ben", AT + timedelta(hours=3))
        shown = approval.proposed(trail, [two.correction_id])
        with pytest.raises(CorrectionError, match=r"earlier steps are approved, under way or done, found step 1 compensating"):
            approval.approve(trail, shown, shown.digest, anybody, ONE, "fine")
        approved = approval.approve_automatically(trail, [Rule(Approvers.AUTOMATIC)])
        assert [each.undoes for each in approved] == []


def test_a_dead_letter_is_not_tried_again_once_its_plan_was_taken_back(state: Engine) -> None:
    night(state, *PLAN)
    approve(state)
    pushed(state, Verdict.DONE)
    pushed(state, Verdict.FAILED)
    with writing(state) as connection:
        two = next(one for one in select_where(connection) if one.status is Status.DEAD_LETTER)
        with pytest.raises(CorrectionError, match="earlier steps are approved, under way or done, found step 1 compensating"):
            approval.refuse_orphan(by(connection, "robot"), two)


def test_a_plan_is_undone_last_step_first(state: Engine) -> None:
    night(state, *PLAN)
    approve(state)
    pushed(state, Verdict.DONE)
    with state.connect() as connection:
        one, two = select_where(connection)
        with pytest.raises(CorrectionError, match="found step 1, with step 2 approved after it"):
            refuse_out_of_order(connection, one)
    pushed(state, Verdict.DONE)
    with state.connect() as connection:
        with pytest.raises(CorrectionError, match="found step 1, with step 2 acknowledged after it"):
            refuse_out_of_order(connection, one)
        refuse_out_of_order(connection, two)


def test_what_was_approved_anew_can_expire_once_more(state: Engine) -> None:
    """The outbox keeps the row of the first round, whose attempts refer to it."""
    for hour in (0, 4):
        at = AT + timedelta(hours=hour)
        night(state, set_status(), at=at)
        approve(state, at=at + timedelta(hours=1))
        if hour == 0:
            pushed(state, Verdict.CHANGED, at + timedelta(hours=2))
        night(state, at=at + timedelta(hours=3))
        assert statuses(state) == [Status.EXPIRED]
