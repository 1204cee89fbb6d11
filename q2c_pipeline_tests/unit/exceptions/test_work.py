"""What people may do to exceptions, when, and what is refused with nothing done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine

from q2c_pipeline.domain.people import Actor, Queue, UserRole
from q2c_pipeline.errors import CaseError, NotAllowedError
from q2c_pipeline.exceptions.cases import By, Case, change, events
from q2c_pipeline.exceptions.lifecycle import Happening, Status
from q2c_pipeline.exceptions.proof import first_forged
from q2c_pipeline.exceptions.work import (
    Waiver,
    assign,
    comment,
    mark_waiting,
    reopen,
    reopen_ineffective,
    resolve,
    start,
    waive,
)
from q2c_pipeline.state.audit import Head, entries, verify
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.exceptions.company import ADA, FRIDAY, GRACE, HEDY, by, finding, read, reconcile

ID = finding().exception_id
AUDITOR = Actor("eve", frozenset({UserRole.AUDITOR}))
Action = Callable[[Connection, By], Case | None]


@pytest.fixture
def worked(state: Engine) -> Engine:
    """A store with one open case of revenue operations in Germany."""
    reconcile(state, FRIDAY, [finding(), finding("ledger", queue=Queue.FINANCE_OPERATIONS)])
    return state


def do(state: Engine, actor: Actor, action: Action) -> Case:
    with writing(state) as connection:
        after = action(connection, by(actor))
    assert after is not None
    return after


def test_the_whole_way_of_a_case_is_kept_step_by_step(worked: Engine) -> None:
    assert do(worked, HEDY, lambda c, b: assign(c, ID, ADA, b)).assignee == "ada"
    assert do(worked, ADA, lambda c, b: start(c, ID, b)).status is Status.IN_PROGRESS
    do(worked, ADA, lambda c, b: comment(c, ID, b, "asked the customer"))
    assert do(worked, HEDY, lambda c, b: mark_waiting(c, ID, b, "correction 1")).status is Status.WAITING
    assert do(worked, HEDY, lambda c, b: reopen_ineffective(c, ID, b, "no effect")).status is Status.ASSIGNED
    assert do(worked, ADA, lambda c, b: resolve(c, ID, b, "credited by hand")).resolved_on == FRIDAY
    reopened = do(worked, ADA, lambda c, b: reopen(c, ID, b, "the credit was void"))
    assert reopened == read(worked)
    assert (reopened.status, reopened.times_reopened, reopened.resolved_on) == (Status.ASSIGNED, 2, None)
    with worked.connect() as connection:
        history = events(connection, ID)
        audited = entries(connection, subject=f"exception:{ID}")
        assert first_forged(connection) is None
    assert [event.kind for event in history] == [
        Happening.OPENED,
        Happening.ASSIGNED,
        Happening.STARTED,
        Happening.COMMENTED,
        Happening.WAITING,
        Happening.REOPENED,
        Happening.RESOLVED,
        Happening.REOPENED,
    ]
    assert [(entry.who, entry.why) for _, entry in audited][2] == ("ada", "asked the customer")
    assert audited[0][1].old == {"assignee": None, "status": "open"}
    assert isinstance(verify(worked), Head)


@pytest.mark.parametrize(
    ("actor", "action"),
    [
        (AUDITOR, lambda c, b: start(c, ID, b)),
        (AUDITOR, lambda c, b: comment(c, ID, b, "hello")),
        (GRACE, lambda c, b: start(c, ID, b)),
        (ADA, lambda c, b: waive(c, ID, Waiver("small", FRIDAY + timedelta(days=9)), b, 90)),
        (HEDY, lambda c, b: assign(c, ID, GRACE, b)),
        (replace(HEDY, entities=frozenset({"US"})), lambda c, b: resolve(c, ID, b, "done")),
    ],
    ids=[
        "auditor starts",
        "auditor comments",
        "other queue",
        "waiver by a worker",
        "to somebody of another queue",
        "other entity",
    ],
)
def test_who_has_not_the_role_does_nothing(worked: Engine, actor: Actor, action: Action) -> None:
    before = verify(worked)
    with pytest.raises(NotAllowedError, match=r"\[policy\.people\]"):
        do(worked, actor, action)
    assert read(worked).status is Status.OPEN
    assert verify(worked) == before


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (lambda c, b: waive(c, ID, Waiver("  ", FRIDAY + timedelta(days=9)), b, 90), "a reason for the waiver"),
        (lambda c, b: waive(c, ID, Waiver("small", FRIDAY), b, 90), "ends after today"),
        (lambda c, b: waive(c, ID, Waiver("small", date(2027, 1, 1)), b, 90), "2026-07-02 at the latest"),
        (lambda c, b: resolve(c, ID, b, ""), "what was done"),
        (lambda c, b: reopen(c, ID, b, "why not"), "found one that is open"),
        (lambda c, b: start(c, "f" * 64, b), "which is none"),
        (lambda c, b: start(c, "", b), "the id of one exception"),
        (lambda c, b: start(c, "%", b), "which is none"),
    ],
)
def test_what_cannot_be_is_refused_with_nothing_done(worked: Engine, action: Action, said: str) -> None:
    before = verify(worked)
    with pytest.raises(CaseError) as caught:
        do(worked, HEDY, action)
    assert said in str(caught.value)
    assert (read(worked).status, verify(worked)) == (Status.OPEN, before)


def test_a_resolved_case_must_be_reopened_first(worked: Engine) -> None:
    do(worked, ADA, lambda c, b: resolve(c, ID, b, "done"))
    with pytest.raises(CaseError, match="found one that is resolved"):
        do(worked, ADA, lambda c, b: start(c, ID, b))


def test_two_people_at_once_do_not_undo_each_other(worked: Engine) -> None:
    seen = read(worked)
    do(worked, HEDY, lambda c, b: assign(c, ID, ADA, b))
    with pytest.raises(CaseError, match="a newer version of it"):
        do(worked, ADA, lambda c, b: change(c, seen, Happening.STARTED, {"status": Status.IN_PROGRESS}, b, ""))
    assert read(worked).status is Status.ASSIGNED


def test_a_correction_of_an_exception_without_a_case_goes_on(worked: Engine) -> None:
    with writing(worked) as connection:
        assert mark_waiting(connection, "f" * 64, by(HEDY), "correction 1") is None
        assert reopen_ineffective(connection, "f" * 64, by(HEDY), "no effect") is None


def test_a_case_that_waits_for_one_correction_waits_for_the_next(worked: Engine) -> None:
    do(worked, HEDY, lambda c, b: mark_waiting(c, ID, b, "correction 1"))
    version = read(worked).version
    assert do(worked, HEDY, lambda c, b: mark_waiting(c, ID, b, "correction 2")).version == version
