"""Who may approve what, how many it takes, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from q2c_pipeline.corrections import approval
from q2c_pipeline.corrections.policy import Approvers, Rule, approvers
from q2c_pipeline.corrections.proposal import Proposal
from q2c_pipeline.corrections.record import Correction, Status, from_proposal, move, select_where
from q2c_pipeline.corrections.refresh import refresh
from q2c_pipeline.domain.people import Actor, Permission, UserRole, require
from q2c_pipeline.domain.repairs import Action
from q2c_pipeline.errors import CorrectionError, NotAllowedError
from q2c_pipeline.state.correction_tables import OUTBOX
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.corrections.making import AT, DAY, anybody, by, journal, set_status

FOUR = [Rule(Approvers.FOUR_EYES)]
ONE = [Rule(Approvers.ONE)]


def _given(state: Engine, *proposals: Proposal) -> list[str]:
    with writing(state) as connection:
        refresh(connection, proposals, DAY, by(connection, "the night"))
        return [one.correction_id for one in select_where(connection)]


def _approve(
    state: Engine,
    who: str,
    ids: Sequence[str],
    rules: Sequence[Rule] = ONE,
    confirmed: str = "",
    permit: approval.Permit = anybody,
) -> list[Correction]:
    with writing(state) as connection:
        trail = by(connection, who)
        shown = approval.proposed(trail, ids)
        return approval.approve(trail, shown, confirmed or shown.digest, permit, rules, "fine")


def _outbox(state: Engine) -> int:
    with state.connect() as connection:
        return len(connection.execute(select(OUTBOX)).all())


def _statuses(state: Engine) -> list[Status]:
    with state.connect() as connection:
        return [one.status for one in select_where(connection)]


def test_one_approval_puts_it_into_the_outbox(state: Engine) -> None:
    ids = _given(state, set_status())
    assert [one.status for one in _approve(state, "anna", ids)] == [Status.APPROVED]
    assert _outbox(state) == 1


def test_four_eyes_are_two_people(state: Engine) -> None:
    ids = _given(state, journal())
    assert _approve(state, "anna", ids, FOUR) == []
    assert (_statuses(state), _outbox(state)) == ([Status.PROPOSED], 0)
    with pytest.raises(CorrectionError, match="another person"):
        _approve(state, "anna", ids, FOUR)
    assert len(_approve(state, "ben", ids, FOUR)) == 1
    assert _outbox(state) == 1


def test_the_proposer_never_approves(state: Engine) -> None:
    ids = _given(state, set_status())
    with pytest.raises(CorrectionError, match="another person"):
        _approve(state, "control ST01", ids)
    assert _outbox(state) == 0


def test_somebody_without_the_role_or_for_another_entity_is_refused(state: Engine) -> None:
    ids = _given(state, set_status())
    clerk = Actor("carl", frozenset({UserRole.REVENUE_OPERATIONS}))
    abroad = Actor("dora", frozenset({UserRole.APPROVER}), frozenset({"UK"}))
    for actor in (clerk, abroad):
        with pytest.raises(NotAllowedError):
            _approve(state, actor.name, ids, permit=_permit(actor))
    assert (_statuses(state), _outbox(state)) == ([Status.PROPOSED], 0)


def _permit(actor: Actor) -> approval.Permit:
    return lambda entity: require(actor, Permission.APPROVE_CORRECTIONS, entity)


def test_a_set_that_changed_since_it_was_shown_is_refused_whole(state: Engine) -> None:
    ids = _given(state, set_status("x1"), set_status("x2"))
    with writing(state) as connection:
        seen = approval.proposed(by(connection, "anna"), ids)
    _given(state, set_status("x1"), set_status("x2"), set_status("x3"))
    with state.connect() as connection:
        now = [one.correction_id for one in select_where(connection)]
    with pytest.raises(CorrectionError, match="the set that was shown"):
        _approve(state, "anna", now, confirmed=seen.digest)
    assert _outbox(state) == 0


def test_a_stale_one_is_refused_and_names_its_successor(state: Engine) -> None:
    old = _given(state, set_status())
    new = [each for each in _given(state, set_status(version="v2")) if each not in old]
    with pytest.raises(CorrectionError, match=new[0]):
        _approve(state, "anna", old)


def test_one_that_was_pushed_already_is_refused(state: Engine) -> None:
    ids = _given(state, set_status())
    _approve(state, "anna", ids)
    with writing(state) as connection:
        one = select_where(connection)[0]
        move(connection, move(connection, one, Status.SENT, AT), Status.ACKNOWLEDGED, AT)
    with pytest.raises(CorrectionError, match="pushed already"):
        _approve(state, "ben", ids)


def test_a_plan_is_approved_as_a_whole(state: Engine) -> None:
    ids = _given(state, journal(step=1), journal(step=2))
    assert len(_approve(state, "anna", ids[:1])) == 2


def test_totals_count_an_exception_once_and_keep_currencies_apart(state: Engine) -> None:
    two_steps = [journal("x1", step=1), journal("x1", step=2)]
    ids = _given(state, *two_steps, journal("x2", amount="50.50"), journal("x3", amount="7", currency="JPY"))
    with writing(state) as connection:
        shown = approval.proposed(by(connection, "anna"), ids)
    assert shown.totals == {"EUR": Decimal("150.50"), "JPY": Decimal(7)}


def test_what_the_policy_lets_through_is_approved_by_the_policy(state: Engine) -> None:
    _given(state, set_status(), journal("x2"))
    small = [Rule(Approvers.AUTOMATIC, actions=frozenset({Action.SET_FIELDS}), is_reversible=True)]
    with writing(state) as connection:
        done = approval.approve_automatically(by(connection, "the night"), small)
    assert [one.action for one in done] == [Action.SET_FIELDS]
    assert _outbox(state) == 1


@pytest.mark.parametrize(
    ("worth", "expected"),
    [("1000.00", Approvers.ONE), ("1000.01", Approvers.FOUR_EYES), (None, Approvers.FOUR_EYES)],
)
def test_a_limit_counts_what_is_at_risk_and_an_unknown_worth_is_never_small(worth: str | None, expected: Approvers) -> None:
    one = from_proposal(journal(), "c1", DAY, AT)
    known = replace(one, amount_at_risk=None if worth is None else Decimal(worth))
    assert approvers([Rule(Approvers.ONE, up_to=Decimal(1000))], [known]) is expected


def test_rules_look_at_control_entity_and_reversibility() -> None:
    one = from_proposal(journal(), "c1", DAY, AT)
    fitting = Rule(Approvers.ONE, controls=frozenset({"BP06"}), entities=frozenset({"DE"}), is_reversible=True)
    assert fitting.fits(one)
    assert not replace(fitting, controls=frozenset({"BP01"})).fits(one)
    assert not replace(fitting, entities=frozenset({"UK"})).fits(one)
    assert not replace(fitting, is_reversible=False).fits(one)
