"""What a night's proposals do to those that are known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.engine import Engine

from q2c_pipeline.corrections import approval
from q2c_pipeline.corrections.policy import Approvers, Rule
from q2c_pipeline.corrections.proposal import Proposal
from q2c_pipeline.corrections.record import Correction, Status, move, select_where
from q2c_pipeline.corrections.refresh import Refreshed, refresh
from q2c_pipeline.domain.people import NIGHT
from q2c_pipeline.state import audit
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.corrections.making import AT, DAY, anybody, by, journal, set_status, task

ONE = [Rule(Approvers.ONE)]


def _night(state: Engine, proposals: Sequence[Proposal], days: int = 0) -> Refreshed:
    with writing(state) as connection:
        return refresh(connection, proposals, DAY + timedelta(days=days), by(connection, NIGHT, AT + timedelta(days=days)))


def _all(state: Engine) -> list[Correction]:
    with state.connect() as connection:
        return select_where(connection)


def _approve(state: Engine, who: str = "anna") -> None:
    with writing(state) as connection:
        trail = by(connection, who)
        waiting = [one.correction_id for one in _all(state) if one.status is Status.PROPOSED]
        shown = approval.proposed(trail, waiting)
        approval.approve(trail, shown, shown.digest, anybody, ONE, "fine")


def test_new_proposals_enter_and_tasks_are_tasks_at_once(state: Engine) -> None:
    assert _night(state, [set_status(), task("x2")]) == Refreshed(proposed=2, kept=0, expired=0, closed=0)
    assert {one.action.value: one.status for one in _all(state)} == {"set_fields": Status.PROPOSED, "task": Status.TASK}


def test_the_same_night_again_changes_nothing(state: Engine) -> None:
    _night(state, [set_status(), task("x2")])
    before = _all(state)
    assert _night(state, [set_status(), task("x2")]) == Refreshed(proposed=0, kept=2, expired=0, closed=0)
    assert _all(state) == before


def test_an_approval_expires_when_the_evidence_changes(state: Engine) -> None:
    _night(state, [set_status()])
    _approve(state)
    assert _night(state, [set_status(version="v2")], days=1) == Refreshed(proposed=1, kept=0, expired=1, closed=0)
    assert sorted(one.status for one in _all(state)) == [Status.EXPIRED, Status.PROPOSED]


def test_an_approval_stays_while_the_evidence_does(state: Engine) -> None:
    _night(state, [set_status()])
    _approve(state)
    _night(state, [set_status()], days=1)
    assert [one.status for one in _all(state)] == [Status.APPROVED]


def test_a_proposal_that_comes_back_has_to_be_approved_again(state: Engine) -> None:
    _night(state, [set_status()])
    _approve(state)
    _night(state, [], days=1)
    _night(state, [set_status()], days=2)
    assert [one.status for one in _all(state)] == [Status.PROPOSED]


def test_a_rejected_proposal_stays_rejected_until_its_evidence_changes(state: Engine) -> None:
    _night(state, [set_status()])
    with writing(state) as connection:
        trail = by(connection, "anna")
        shown = approval.proposed(trail, [_all(state)[0].correction_id])
        approval.reject(trail, shown, shown.digest, anybody, "not now")
    _night(state, [set_status()], days=1)
    assert [one.status for one in _all(state)] == [Status.REJECTED]


def test_what_was_verified_and_is_found_again_is_a_new_round_with_another_key(state: Engine) -> None:
    _night(state, [set_status()])
    with writing(state) as connection:
        one = select_where(connection)[0]
        for status in (Status.APPROVED, Status.SENT, Status.ACKNOWLEDGED, Status.VERIFIED):
            one = move(connection, one, status, AT)
    _night(state, [set_status()], days=9)
    first, second = _all(state)
    assert {first.status, second.status} == {Status.VERIFIED, Status.PROPOSED}
    assert first.attempt_key != second.attempt_key


def test_a_task_closes_when_its_exception_is_gone_and_opens_again(state: Engine) -> None:
    _night(state, [task()])
    assert _night(state, [], days=1).closed == 1
    _night(state, [task()], days=2)
    assert [one.status for one in _all(state)] == [Status.TASK]


def test_a_task_stays_the_same_while_its_evidence_is_worded_anew(state: Engine) -> None:
    _night(state, [task(body="8 days late")])
    assert _night(state, [task(body="9 days late")], days=1) == Refreshed(proposed=0, kept=1, expired=0, closed=0)
    (one,) = _all(state)
    assert one.payload == task(body="9 days late").payload


def test_all_changes_of_an_exception_are_one_plan(state: Engine) -> None:
    _night(state, [journal(step=1), journal(step=2), journal("x2")])
    plans = [one.plan_id for one in _all(state)]
    assert len(set(plans)) == 2


def test_every_step_is_in_the_audit_log(state: Engine) -> None:
    _night(state, [set_status()])
    _approve(state)
    with state.connect() as connection:
        said = [(entry.who, entry.what) for _, entry in audit.entries(connection, f"correction {_all(state)[0].correction_id}")]
    assert said == [(NIGHT, "propose correction"), ("anna", "approve correction")]
    assert isinstance(audit.verify(state), audit.Head)
