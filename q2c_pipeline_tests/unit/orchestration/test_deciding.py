"""Approvals and cases: what is let be is not repaired, the rest of a set can be, and undoing needs no open exception."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from q2c_pipeline.corrections.approval import approve_automatically
from q2c_pipeline.corrections.policy import Approvers, Rule
from q2c_pipeline.corrections.record import Correction, Status, move, select_where
from q2c_pipeline.corrections.refresh import refresh
from q2c_pipeline.domain.people import Actor, UserRole
from q2c_pipeline.errors import CorrectionError
from q2c_pipeline.exceptions.lifecycle import Status as CaseStatus
from q2c_pipeline.exceptions.work import Waiver, resolve, waive
from q2c_pipeline.orchestration import deciding
from q2c_pipeline.orchestration.correcting import acting
from q2c_pipeline.orchestration.deciding import Filters
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.unit.corrections.making import AT, DAY, set_status
from q2c_pipeline_tests.unit.exceptions.company import ADA, HEDY, by, finding, read, reconcile

ANNA = Actor("anna", frozenset({UserRole.APPROVER}))
BEN = Actor("ben", frozenset({UserRole.CONTROLLER}))
NAMES = ("line 1", "line 2", "line 3")


@pytest.fixture
def company(settings: Settings) -> Settings:
    """Three exceptions with a correction each; line 2 was waived after the night."""
    with state_of(settings) as state:
        reconcile(state, DAY, [finding(name) for name in NAMES])
    with acting(settings, "the night", AT) as trail:
        proposals = [set_status(name, exception_id=finding(name).exception_id) for name in NAMES]
        refresh(trail.connection, proposals, DAY, trail)
        until = DAY + timedelta(days=30)
        waive(trail.connection, finding("line 2").exception_id, Waiver("credited in July", until), by(HEDY, DAY), longest=90)
    return settings


def approve(company: Settings, who: Actor, filters: Filters, ids: Sequence[str] = ()) -> list[Correction]:
    shown = deciding.shown(company, ids, filters, AT)
    return deciding.approve(company, who, ids, filters, shown.digest, "right", AT)


def stored(company: Settings) -> dict[str, Correction]:
    with acting(company, "", AT) as trail:
        return {one.subject_key.removeprefix("ORD-"): one for one in select_where(trail.connection)}


def test_a_set_with_a_waived_exception_is_refused_whole_and_says_how_to_go_on(company: Settings) -> None:
    waived = finding("line 2").exception_id[:12]
    with pytest.raises(CorrectionError) as refusal:
        approve(company, ANNA, Filters())
    assert refusal.value.found == f"BB04 line 2 ({waived}) is waived"
    assert f"--without {waived}" in refusal.value.next_step
    assert "q2c exceptions reopen" in refusal.value.next_step
    assert {one.status for one in stored(company).values()} == {Status.PROPOSED}
    rest = Filters(without=(waived,))
    for who in (ANNA, BEN):
        approve(company, who, rest)
    found = stored(company)
    assert {name: one.status for name, one in found.items()} == {
        "line 1": Status.APPROVED,
        "line 2": Status.PROPOSED,
        "line 3": Status.APPROVED,
    }
    with state_of(company) as state:
        assert [read(state, name).status for name in NAMES] == [CaseStatus.WAITING, CaseStatus.WAIVED, CaseStatus.WAITING]


def test_the_policy_does_not_approve_by_itself_what_is_let_be(company: Settings) -> None:
    waived = finding("line 2").exception_id
    with acting(company, "the night", AT) as trail:
        approved = approve_automatically(trail, [Rule(Approvers.AUTOMATIC)], lambda ids: {waived} & set(ids))
    assert sorted(one.subject_key for one in approved) == ["ORD-line 1", "ORD-line 3"]


def test_what_repaired_a_resolved_exception_can_be_undone(company: Settings) -> None:
    one = stored(company)["line 1"]
    with acting(company, "the night", AT) as trail:
        for status in (Status.APPROVED, Status.SENT, Status.ACKNOWLEDGED, Status.VERIFIED):
            one = move(trail.connection, one, status, AT)
        resolve(trail.connection, one.exception_id, by(ADA, DAY), "repaired")
    carl = Actor("carl", frozenset({UserRole.ADMIN}))
    undo = deciding.compensate(company, carl, one.correction_id, "it was wrong", AT)
    for who in (ANNA, BEN):
        ready = approve(company, who, Filters(), [undo.correction_id])
    assert [each.correction_id for each in ready] == [undo.correction_id]
    with state_of(company) as state:
        assert read(state, "line 1").status is CaseStatus.RESOLVED


def test_a_list_begins_with_what_waits_for_a_decision(company: Settings) -> None:
    first = stored(company)["line 1"]
    with acting(company, "hedy", AT) as trail:
        move(trail.connection, first, Status.EXPIRED, AT, "the evidence changed")
    listed = deciding.listed(company, Filters(), AT)
    assert listed.select("status", "subject_key").rows() == [
        ("proposed", "ORD-line 2"),
        ("proposed", "ORD-line 3"),
        ("expired", "ORD-line 1"),
    ]


def test_a_beginning_of_an_id_is_no_pattern(company: Settings) -> None:
    assert deciding.listed(company, Filters(exception="%"), AT).is_empty()
    assert len(deciding.listed(company, Filters(exception=finding("line 1").exception_id[:8]), AT)) == 1
