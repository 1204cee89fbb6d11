"""What nights do to cases: each happening, and nothing that was not seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select, text

from q2c_pipeline.domain.people import Queue
from q2c_pipeline.exceptions.cases import events
from q2c_pipeline.exceptions.lifecycle import Happening, Status
from q2c_pipeline.exceptions.proof import first_forged
from q2c_pipeline.exceptions.work import Waiver, assign, mark_waiting, resolve, waive
from q2c_pipeline.state.audit import BrokenLink, Head, verify
from q2c_pipeline.state.case_tables import EXCEPTION_CASE, EXCEPTION_EVENT, EXCEPTION_SYNC
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.exceptions.company import ADA, FRIDAY, HEDY, LEGS, by, finding, read, reconcile

MONDAY = FRIDAY + timedelta(days=3)
TUESDAY = FRIDAY + timedelta(days=4)


def kinds(state: Engine, name: str = "line 1") -> list[Happening]:
    with state.connect() as connection:
        return [event.kind for event in events(connection, read(state, name).exception_id)]


def everything(state: Engine) -> list[object]:
    with state.connect() as connection:
        tables = (EXCEPTION_CASE, EXCEPTION_EVENT, EXCEPTION_SYNC)
        return [sorted(map(str, connection.execute(select(table)).all())) for table in tables]


def test_a_new_exception_gets_a_queue_and_a_due_day_in_its_entitys_calendar(state: Engine) -> None:
    reconcile(state, date(2026, 3, 31), [finding(severity="high")])
    one = read(state)
    assert (one.status, one.queue, one.opened_on) == (Status.OPEN, Queue.REVENUE_OPERATIONS, date(2026, 3, 31))
    assert one.due_on == date(2026, 4, 7)  # Good Friday and Easter Monday do not count in Germany
    assert one.difference_amount == Decimal(250)
    assert kinds(state) == [Happening.OPENED]


def test_rules_of_the_policy_come_before_the_controls_own_queue(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding("tax", control_id="BP05"), finding("tokyo", legal_entity_code="JP", severity="low")])
    assert read(state, "tax").queue is Queue.TAX
    assert read(state, "tokyo").due_on == date(2026, 4, 14)


def test_what_is_gone_is_resolved_and_what_is_found_again_reopens_with_its_owner(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding()])
    with writing(state) as connection:
        assign(connection, read(state).exception_id, ADA, by(ADA))
    reconcile(state, MONDAY, [])
    assert (read(state).status, read(state).resolved_on) == (Status.RESOLVED, MONDAY)
    reconcile(state, TUESDAY, [finding()])
    one = read(state)
    assert (one.status, one.assignee, one.times_reopened, one.opened_on) == (Status.ASSIGNED, "ada", 1, TUESDAY)
    assert (one.first_seen, one.resolved_on) == (FRIDAY, None)
    assert kinds(state) == [Happening.OPENED, Happening.ASSIGNED, Happening.RESOLVED, Happening.REOPENED]


def test_the_same_night_again_changes_nothing(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding(), finding("line 2")])
    reconcile(state, MONDAY, [finding(difference_amount=Decimal(99))])
    before = everything(state)
    head = verify(state)
    assert not reconcile(state, MONDAY, [finding(difference_amount=Decimal(99))]).counts
    assert everything(state) == before
    assert verify(state) == head


def test_a_night_of_an_earlier_day_is_left_out(state: Engine) -> None:
    reconcile(state, MONDAY, [finding()])
    before = everything(state)
    assert reconcile(state, FRIDAY, []).is_late
    assert everything(state) == before


def test_nothing_is_resolved_in_a_leg_that_could_not_be_judged(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding(), finding("posting", leg="BP", queue=Queue.FINANCE_OPERATIONS)])
    reconcile(state, MONDAY, [], judged=LEGS - {"BB"})
    assert read(state).status is Status.OPEN
    assert read(state, "posting").status is Status.RESOLVED
    with state.connect() as connection:
        row = connection.execute(select(EXCEPTION_SYNC).where(EXCEPTION_SYNC.c.as_of == MONDAY)).one()
    assert (row.resolved, row.legs_not_judged) == (1, "BB")


def test_amount_and_severity_are_kept_with_their_history(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding()])
    reconcile(state, MONDAY, [finding(difference_amount=Decimal("2500.0000"), severity="critical")])
    one = read(state)
    assert (one.difference_amount, one.severity, one.due_on) == (Decimal(2500), "critical", TUESDAY)
    assert kinds(state) == [Happening.OPENED, Happening.SEVERITY, Happening.AMOUNT]
    with state.connect() as connection:
        amount = events(connection, one.exception_id)[-1]
    assert (amount.old, amount.new) == ('{"difference_amount":"250"}', '{"difference_amount":"2500"}')


def test_a_rate_that_moves_is_no_event(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding()])
    reconcile(state, MONDAY, [finding(amount_at_risk=Decimal("271.1300"))])
    assert kinds(state) == [Happening.OPENED]
    assert read(state).amount_at_risk == Decimal("271.13")
    assert read(state).last_seen == MONDAY


def test_a_waiver_holds_until_its_day_and_then_the_exception_is_back(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding()])
    with writing(state) as connection:
        waive(connection, read(state).exception_id, Waiver("known, credited in April", MONDAY), by(HEDY), longest=30)
    reconcile(state, MONDAY, [finding()])
    assert (read(state).status, read(state).waived_by) == (Status.WAIVED, "hedy")
    reconcile(state, TUESDAY, [finding()])
    one = read(state)
    assert (one.status, one.waived_until, one.waived_by, one.opened_on) == (Status.OPEN, None, None, TUESDAY)
    assert kinds(state)[-1] is Happening.RETURNED


@pytest.mark.parametrize(
    ("back_on", "amount", "status", "last"),
    [
        (TUESDAY, "250.0000", Status.WAIVED, Happening.RESUMED),
        (TUESDAY, "10.0000", Status.WAIVED, Happening.RESUMED),
        (TUESDAY, "250.0001", Status.OPEN, Happening.REOPENED),
        (TUESDAY, "-10.0000", Status.OPEN, Happening.REOPENED),
        (TUESDAY + timedelta(days=1), "250.0000", Status.OPEN, Happening.REOPENED),
    ],
)
def test_a_waiver_survives_a_night_in_which_its_exception_is_gone(
    state: Engine, back_on: date, amount: str, status: Status, last: Happening
) -> None:
    reconcile(state, FRIDAY, [finding()])
    with writing(state) as connection:
        waive(connection, read(state).exception_id, Waiver("known, credited in April", TUESDAY), by(HEDY), longest=30)
    reconcile(state, MONDAY, [])
    assert (read(state).status, read(state).waived_until) == (Status.RESOLVED, TUESDAY)
    reconcile(state, back_on, [finding(difference_amount=Decimal(amount))])
    one = read(state)
    assert (one.status, one.resolved_on) == (status, None)
    assert set(kinds(state)) & {Happening.RESUMED, Happening.REOPENED} == {last}
    waiver = (one.waived_until, one.waived_by, one.waiver_reason, one.waived_amount)
    kept = (TUESDAY, "hedy", "known, credited in April", Decimal(250))
    assert waiver == (kept if status is Status.WAIVED else (None, None, None, None))


def test_a_waiver_covers_no_more_than_what_was_waived(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding()])
    with writing(state) as connection:
        waive(connection, read(state).exception_id, Waiver("known, credited in April", TUESDAY), by(HEDY), longest=30)
    reconcile(state, MONDAY, [finding(difference_amount=Decimal(2500))])
    assert read(state).status is Status.OPEN
    with state.connect() as connection:
        why = {event.kind: event.why for event in events(connection, read(state).exception_id)}
    assert why[Happening.RETURNED] == "2,500.00 goes beyond the 250.00 that was waived"


def test_what_was_done_by_hand_is_believed_until_a_night_of_that_day_says_otherwise(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding()])
    with writing(state) as connection:
        resolve(connection, read(state).exception_id, by(ADA, MONDAY), "credited in billing")
    reconcile(state, FRIDAY, [finding()])
    assert read(state).status is Status.RESOLVED
    reconcile(state, MONDAY, [finding()])
    assert read(state).status is Status.OPEN


def test_a_case_that_waits_for_its_correction_goes_on_waiting_until_it_is_gone(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding()])
    with writing(state) as connection:
        mark_waiting(connection, read(state).exception_id, by(HEDY), "correction 7 approved")
    reconcile(state, MONDAY, [finding()])
    assert read(state).status is Status.WAITING
    reconcile(state, TUESDAY, [])
    assert read(state).status is Status.RESOLVED


def test_one_audit_entry_proves_all_events_of_a_kind(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding(f"line {number}") for number in range(50)])
    assert isinstance(head := verify(state), Head)
    assert head.entries == 1
    with state.connect() as connection:
        assert first_forged(connection) is None


@pytest.mark.parametrize(
    "forgery",
    [
        "update exception_event set why = 'nothing' where event_id = 2",
        "delete from exception_event where event_id = 2",
        (
            "insert into exception_event (exception_id, at, who, kind, why, audit_number) "
            "select exception_id, at, who, 'resolved', 'by nobody', 1 from exception_event where event_id = 2"
        ),
    ],
)
def test_an_event_that_was_forged_is_found(state: Engine, forgery: str) -> None:
    reconcile(state, FRIDAY, [finding(f"line {number}") for number in range(5)])
    drops = {
        "sqlite": ["drop trigger exception_event_no_update", "drop trigger exception_event_no_delete"],
        "postgresql": ["alter table exception_event disable trigger user"],
    }
    with state.begin() as connection:
        for statement in (*drops[connection.dialect.name], forgery):
            connection.execute(text(statement))
        found = first_forged(connection)
    assert isinstance(found, BrokenLink)
    assert found.entry_number == 1


def test_the_outcome_counts_what_happened(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding(), finding("line 2")])
    outcome = reconcile(state, MONDAY, [finding(severity="low"), finding("line 3")])
    assert outcome.found == 2
    assert outcome.counts == {Happening.OPENED: 1, Happening.RESOLVED: 1, Happening.SEVERITY: 1}


def test_an_unassigned_exception_follows_the_policy_to_another_queue(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding(), finding("mine")])
    with writing(state) as connection:
        assign(connection, read(state, "mine").exception_id, ADA, by(ADA))
    moved = {"queue": Queue.FINANCE_OPERATIONS}
    reconcile(state, MONDAY, [replace(finding(), **moved), replace(finding("mine"), **moved)])  # type: ignore[arg-type]
    assert read(state).queue is Queue.FINANCE_OPERATIONS
    assert read(state, "mine").queue is Queue.REVENUE_OPERATIONS
