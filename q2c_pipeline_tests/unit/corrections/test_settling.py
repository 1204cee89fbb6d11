"""Claiming, sending and settling: at most one effect, in the order of plans, and nothing forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from q2c_pipeline.corrections import approval, circuit, outbox
from q2c_pipeline.corrections.outbox import Claim
from q2c_pipeline.corrections.policy import Approvers, Limits, Rule
from q2c_pipeline.corrections.proposal import Proposal
from q2c_pipeline.corrections.record import Correction, Status, move, select_where
from q2c_pipeline.corrections.refresh import refresh
from q2c_pipeline.corrections.settling import Desk, found_nothing, settle, take
from q2c_pipeline.domain.repairs import Action, Outcome, Remove, Task, Verdict
from q2c_pipeline.errors import CorrectionError
from q2c_pipeline.state import audit
from q2c_pipeline.state.correction_tables import CORRECTION, OUTBOX, PUSH_ATTEMPT
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.corrections.making import AT, DAY, anybody, by, journal, set_status

LIMITS = Limits(attempts=3, lease=timedelta(minutes=5), circuit_failures=2)
NO_WAIT = timedelta(0)
LATER = AT + timedelta(minutes=10)


def _approved(state: Engine, *proposals: Proposal) -> None:
    with writing(state) as connection:
        refresh(connection, proposals, DAY, by(connection, "the night"))
        trail = by(connection, "anna")
        shown = approval.proposed(trail, [one.correction_id for one in select_where(connection)])
        approval.approve(trail, shown, shown.digest, anybody, [Rule(Approvers.ONE)], "fine")


def _take(state: Engine, instance: str = "sf_main", pusher: str = "p1", at: datetime = AT, limit: int = 10) -> list[Claim]:
    with writing(state) as connection:
        return take(Desk(by(connection, pusher, at), pusher, LIMITS), instance, limit)


def _settle(state: Engine, claim: Claim, verdict: Verdict, pusher: str = "p1", at: datetime = AT, **facts: str) -> Status:
    outcome = Outcome(claim.correction.correction_id, verdict, **{"detail": f"said {verdict}", **facts})  # type: ignore[arg-type]
    with writing(state) as connection:
        return settle(Desk(by(connection, pusher, at), pusher, LIMITS), claim, outcome, NO_WAIT)


def _all(state: Engine, *conditions: object) -> Sequence[Correction]:
    with state.connect() as connection:
        return select_where(connection, *conditions)


def _attempts(state: Engine) -> list[tuple[str, str | None]]:
    with state.connect() as connection:
        rows = connection.execute(select(PUSH_ATTEMPT).order_by(PUSH_ATTEMPT.c.attempt_id)).mappings()
        return [(row["kind"], row["verdict"]) for row in rows]


def test_nothing_is_claimed_without_approval(state: Engine) -> None:
    with writing(state) as connection:
        refresh(connection, [set_status()], DAY, by(connection, "the night"))
    assert _take(state) == []


def test_the_attempt_is_written_before_the_call(state: Engine) -> None:
    _approved(state, set_status())
    _take(state)
    assert _attempts(state) == [("send", None)]
    assert [one.status for one in _all(state)] == [Status.SENT]


def test_a_claimed_row_is_nobody_elses_while_the_lease_runs(state: Engine) -> None:
    _approved(state, set_status())
    assert len(_take(state, pusher="p1")) == 1
    assert _take(state, pusher="p2") == []


def test_done_is_acknowledged_with_what_was_made(state: Engine) -> None:
    _approved(state, journal())
    (claim,) = _take(state, "netsuite_main")
    assert _settle(state, claim, Verdict.DONE, external_id="77", version_after="v2") is Status.ACKNOWLEDGED
    (one,) = _all(state)
    assert (one.external_id, one.version_after, one.acknowledged_at) == ("77", "v2", AT)
    assert _take(state, "netsuite_main", at=LATER) == []


def test_a_failure_is_tried_again_and_ends_as_a_dead_letter(state: Engine) -> None:
    _approved(state, set_status())
    statuses = [_settle(state, _take(state)[0], Verdict.FAILED) for _ in range(LIMITS.attempts)]
    assert statuses == [Status.APPROVED, Status.APPROVED, Status.DEAD_LETTER]
    assert _take(state) == []
    assert _attempts(state) == [("send", "failed")] * LIMITS.attempts


def test_an_unanswered_one_is_looked_up_before_anything_is_sent_again(state: Engine) -> None:
    _approved(state, set_status())
    _settle(state, _take(state)[0], Verdict.UNKNOWN)
    (claim,) = _take(state)
    assert claim.must_look_up
    with writing(state) as connection:
        again = found_nothing(Desk(by(connection, "p1"), "p1", LIMITS), claim)
    assert again is not None
    assert _settle(state, again, Verdict.DONE) is Status.ACKNOWLEDGED
    assert _attempts(state) == [("send", "unknown"), ("look_up", "absent"), ("send", "done")]


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.UNKNOWN])
def test_what_is_unknown_stays_so_until_a_look_up_has_answered(state: Engine, verdict: Verdict) -> None:
    _approved(state, set_status())
    _settle(state, _take(state)[0], Verdict.UNKNOWN)
    for _ in range(2 * LIMITS.attempts):
        (claim,) = _take(state)
        assert claim.must_look_up
        assert _settle(state, claim, verdict, detail="HTTP 429") is Status.UNKNOWN
    (one,) = _all(state)
    assert one.note == (
        "not known whether it took effect: HTTP 429 (attempt 7; next: look in sf_main for "
        f"{one.attempt_key}, each push looks again)"
    )
    with state.connect() as connection:
        assert outbox.is_unanswered(connection, one)
    (claim,) = _take(state)
    with writing(state) as connection:
        again = found_nothing(Desk(by(connection, "p1"), "p1", LIMITS), claim)
    assert again is not None
    assert _settle(state, again, Verdict.FAILED) is Status.DEAD_LETTER


def test_no_failure_in_between_makes_an_unanswered_attempt_an_answered_one(state: Engine) -> None:
    _approved(state, set_status())
    _take(state, pusher="killed")
    (claim,) = _take(state, pusher="p2", at=LATER)
    (one,) = _all(state)
    for verdict in ("failed", "unknown", None):
        with writing(state) as connection:
            connection.execute(update(PUSH_ATTEMPT).where(PUSH_ATTEMPT.c.kind == "look_up").values(verdict=verdict))
        with state.connect() as connection:
            assert outbox.is_unanswered(connection, one)
    with writing(state) as connection:
        found_nothing(Desk(by(connection, "p2", LATER), "p2", LIMITS), claim)
        connection.execute(update(PUSH_ATTEMPT).where(PUSH_ATTEMPT.c.verdict.is_(None)).values(verdict="failed"))
    with state.connect() as connection:
        assert not outbox.is_unanswered(connection, one)


def test_a_pusher_that_died_leaves_an_unknown_attempt(state: Engine) -> None:
    _approved(state, set_status())
    _take(state, pusher="dead")
    (claim,) = _take(state, pusher="p2", at=LATER)
    assert claim.must_look_up
    assert _attempts(state) == [("send", "unknown"), ("look_up", None)]


def test_an_answer_after_the_lease_counts_for_nothing(state: Engine) -> None:
    _approved(state, set_status())
    (late,) = _take(state, pusher="slow")
    (claim,) = _take(state, pusher="p2", at=LATER)
    assert _settle(state, late, Verdict.REJECTED, pusher="slow", at=LATER) is Status.SENT
    assert _settle(state, claim, Verdict.DONE, pusher="p2", at=LATER) is Status.ACKNOWLEDGED


def test_what_a_held_up_pusher_did_is_not_lost_when_others_have_given_up(state: Engine) -> None:
    _approved(state, journal())
    (late,) = _take(state, "netsuite_main", pusher="slow")
    for _ in range(LIMITS.attempts - 1):
        (claim,) = _take(state, "netsuite_main", pusher="p2", at=LATER)
        with writing(state) as connection:
            again = found_nothing(Desk(by(connection, "p2", LATER), "p2", LIMITS), claim) if claim.must_look_up else claim
        assert again is not None
        _settle(state, again, Verdict.FAILED, pusher="p2", at=LATER)
    with writing(state) as connection:
        refresh(connection, [], DAY, by(connection, "the night"))
    assert [one.status for one in _all(state)] == [Status.EXPIRED]
    assert _settle(state, late, Verdict.FAILED, pusher="slow", at=LATER) is Status.EXPIRED
    assert _settle(state, late, Verdict.DONE, pusher="slow", at=LATER, external_id="77") is Status.ACKNOWLEDGED
    (one,) = _all(state)
    assert (one.external_id, one.note) == ("77", "answered late, when it was expired: said done")
    assert _take(state, "netsuite_main", at=LATER) == []


def _overtaken(state: Engine) -> tuple[Claim, Claim]:
    """The attempt of a held-up pusher, and the one of another that looked, found nothing and may send."""
    _approved(state, set_status())
    (late,) = _take(state, pusher="slow")
    (claim,) = _take(state, pusher="p2", at=LATER)
    with writing(state) as connection:
        again = found_nothing(Desk(by(connection, "p2", LATER), "p2", LIMITS), claim)
    assert again is not None
    return late, again


def test_a_failure_is_not_believed_when_a_held_up_pusher_may_have_acted(state: Engine) -> None:
    late, again = _overtaken(state)
    assert _settle(state, late, Verdict.DONE, pusher="slow", at=LATER) is Status.SENT
    assert _settle(state, again, Verdict.REJECTED, pusher="p2", at=LATER) is Status.UNKNOWN
    (claim,) = _take(state, pusher="p2", at=LATER)
    assert claim.must_look_up
    assert _settle(state, claim, Verdict.DONE, pusher="p2", at=LATER) is Status.ACKNOWLEDGED


def test_what_may_have_acted_late_is_looked_up_before_it_is_sent_again(state: Engine) -> None:
    late, again = _overtaken(state)
    assert _settle(state, again, Verdict.FAILED, pusher="p2", at=LATER) is Status.APPROVED
    assert _settle(state, late, Verdict.UNKNOWN, pusher="slow", at=LATER) is Status.UNKNOWN
    assert _take(state, pusher="p2", at=LATER)[0].must_look_up


def test_an_undoing_that_a_late_attempt_has_overtaken_is_told_as_not_effective(state: Engine) -> None:
    _approved(state, journal(step=1), journal(step=2))
    (late,) = _take(state, "netsuite_main", pusher="slow")
    (claim,) = _take(state, "netsuite_main", pusher="p2", at=LATER)
    _settle(state, claim, Verdict.DONE, pusher="p2", at=LATER, external_id="77")
    _settle(state, _take(state, "netsuite_main", at=LATER)[0], Verdict.REJECTED, at=LATER)
    _settle(state, _take(state, "netsuite_main", at=LATER)[0], Verdict.DONE, at=LATER)
    first = late.correction.correction_id
    assert {one.status for one in _all(state, CORRECTION.c.correction_id == first)} == {Status.COMPENSATED}
    assert _settle(state, late, Verdict.DONE, pusher="slow", at=LATER, external_id="78") is Status.ACKNOWLEDGED
    (undo,) = _all(state, CORRECTION.c.undoes == first)
    assert undo.status is Status.NOT_EFFECTIVE
    assert undo.note.startswith("answered late, when it was compensated")


def test_a_lease_is_extended_by_its_holder_only(state: Engine) -> None:
    _approved(state, set_status(), set_status("x2"))
    _take(state, pusher="slow")
    assert len(_take(state, pusher="p2", at=LATER, limit=1)) == 1
    with writing(state) as connection:
        assert outbox.renew(connection, "slow", LATER + LIMITS.lease) == 1
        assert outbox.renew(connection, "p3", LATER + LIMITS.lease) == 0
    assert _take(state, pusher="p3", at=LATER + timedelta(minutes=4)) == []


def test_a_refusal_becomes_a_task_in_the_vendors_words(state: Engine) -> None:
    _approved(state, set_status())
    _settle(state, _take(state)[0], Verdict.REJECTED, detail="period is locked")
    (task,) = [one for one in _all(state) if one.status is Status.TASK]
    assert isinstance(task.payload, Task)
    assert task.payload.body == "period is locked"
    assert task.queue == "sales operations"
    for proposals, expected in (([set_status()], Status.TASK), ([], Status.CLOSED)):
        with writing(state) as connection:
            refresh(connection, proposals, DAY, by(connection, "the night"))
        assert [one.status for one in _all(state) if one.correction_id == task.correction_id] == [expected]


def test_a_record_that_changed_goes_back_to_review_with_the_difference(state: Engine) -> None:
    _approved(state, set_status())
    assert _settle(state, _take(state)[0], Verdict.CHANGED, detail="Status: in evidence Active, now Paused") is Status.REVIEW
    assert _all(state)[0].note == "Status: in evidence Active, now Paused"


def test_steps_of_a_plan_go_one_after_the_other(state: Engine) -> None:
    _approved(state, journal(step=1), journal(step=2))
    (first,) = _take(state, "netsuite_main")
    assert first.correction.step == 1
    _settle(state, first, Verdict.DONE, external_id="77")
    (second,) = _take(state, "netsuite_main")
    assert second.correction.step == 2


def test_a_failed_step_stops_the_plan_and_undoes_the_earlier_ones_in_reverse(state: Engine) -> None:
    _approved(state, journal(step=1), journal(step=2), journal(step=3), journal(step=4))
    for number in ("71", "72"):
        _settle(state, _take(state, "netsuite_main")[0], Verdict.DONE, external_id=number)
    _settle(state, _take(state, "netsuite_main")[0], Verdict.REJECTED)
    undone = []
    for _ in range(2):
        (claim,) = _take(state, "netsuite_main")
        assert isinstance(claim.correction.payload, Remove)
        undone.append(claim.correction.payload.source_id)
        _settle(state, claim, Verdict.DONE)
    assert undone == ["72", "71"]
    by_step = {one.step: one.status for one in _all(state) if one.undoes is None and one.action is not Action.TASK}
    assert by_step == {1: Status.COMPENSATED, 2: Status.COMPENSATED, 3: Status.REFUSED, 4: Status.EXPIRED}
    with writing(state) as connection:
        again = [journal(step=step) for step in (1, 2, 3, 4)]
        refresh(connection, again, DAY, by(connection, "the night"))
    assert [one for one in _all(state) if one.status is Status.PROPOSED] == []
    assert _take(state, "netsuite_main", at=LATER) == []


def test_a_rollback_that_fails_stops_there_and_says_what_still_stands(state: Engine) -> None:
    _approved(state, journal(step=1), journal(step=2), journal(step=3))
    for number in ("71", "72"):
        _settle(state, _take(state, "netsuite_main")[0], Verdict.DONE, external_id=number)
    _settle(state, _take(state, "netsuite_main")[0], Verdict.REJECTED)
    _settle(state, _take(state, "netsuite_main")[0], Verdict.REJECTED, detail="the period is closed")
    assert _take(state, "netsuite_main", at=LATER) == []
    by_step = {one.step: one for one in _all(state) if one.undoes is None and one.action is not Action.TASK}
    assert {one.status for one in by_step.values()} == {Status.ACKNOWLEDGED, Status.REFUSED}
    assert by_step[2].note == "not undone: the period is closed"
    assert by_step[1].note == "not undone: its plan failed at step 1"


def test_status_only_moves_along_its_life(state: Engine) -> None:
    _approved(state, set_status())
    _settle(state, _take(state)[0], Verdict.DONE)
    with pytest.raises(CorrectionError, match="pushed already"), writing(state) as connection:
        move(connection, _all(state)[0], Status.SENT, AT)


def test_repeated_failure_pauses_an_instance_and_an_answer_ends_the_pause(state: Engine) -> None:
    with writing(state) as connection:
        assert circuit.count(connection, "sf_main", AT, LIMITS, failed=True) is None
        until = circuit.count(connection, "sf_main", AT, LIMITS, failed=True)
        assert until == AT + LIMITS.circuit_pause
        assert circuit.open_until(connection, "sf_main", AT) == until
        assert circuit.open_until(connection, "stripe_main", AT) is None
        assert circuit.open_until(connection, "sf_main", AT + LIMITS.circuit_pause) is None
        assert circuit.is_on_trial(connection, "sf_main")
        circuit.count(connection, "sf_main", AT, LIMITS, failed=False)
        assert not circuit.is_on_trial(connection, "sf_main")


def test_the_chain_of_the_audit_log_is_whole(state: Engine) -> None:
    _approved(state, set_status(), journal("x2"))
    _settle(state, _take(state)[0], Verdict.UNKNOWN)
    _settle(state, _take(state, "netsuite_main")[0], Verdict.REJECTED)
    assert isinstance(audit.verify(state), audit.Head)


def test_the_outbox_holds_one_row_a_correction(state: Engine) -> None:
    _approved(state, set_status(), journal("x2"))
    with state.connect() as connection:
        assert {row.correction_id for row in connection.execute(select(OUTBOX))} == {one.correction_id for one in _all(state)}
