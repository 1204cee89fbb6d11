"""Choosing exceptions, acting on many with a result for each, and refusing a set that is not the one that was shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from q2c_pipeline.domain.people import Queue
from q2c_pipeline.errors import CaseError
from q2c_pipeline.exceptions.lifecycle import Status
from q2c_pipeline.exceptions.selection import Filters, chosen, each, refuse_changed, set_digest
from q2c_pipeline.exceptions.work import assign, start
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.exceptions.company import ADA, FRIDAY, HEDY, by, finding, read, reconcile

FOUND = [
    finding("late", severity="low", legal_entity_code="US"),
    finding("grave", severity="critical"),
    finding("ledger", queue=Queue.FINANCE_OPERATIONS, control_id="BP01", leg="BP"),
    finding("tax", control_id="BP05", severity="high"),
]


@pytest.fixture
def queued(state: Engine) -> Engine:
    """Four cases in three queues."""
    reconcile(state, FRIDAY, FOUND)
    return state


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (Filters(), ["grave", "tax", "ledger", "late"]),
        (Filters(queue=Queue.REVENUE_OPERATIONS), ["grave", "late"]),
        (Filters(entity="US"), ["late"]),
        (Filters(severity="high"), ["tax"]),
        (Filters(control="BP01"), ["ledger"]),
        (Filters(status=Status.RESOLVED), []),
        (Filters(assignee="ada"), []),
        (Filters(overdue_on=FRIDAY + timedelta(days=5)), ["grave"]),
    ],
)
def test_the_gravest_come_first_of_what_was_asked_for(queued: Engine, filters: Filters, names: list[str]) -> None:
    with queued.connect() as connection:
        assert [one.subject_key for one in chosen(connection, filters)] == names


def test_overdue_is_what_is_past_its_day_and_not_done(queued: Engine) -> None:
    grave = read(queued, "grave")
    assert not grave.is_overdue(grave.due_on)
    assert grave.is_overdue(grave.due_on + timedelta(days=1))


def test_a_set_has_the_same_name_until_something_in_it_changes(queued: Engine) -> None:
    with writing(queued) as connection:
        shown = chosen(connection, Filters())
        name = set_digest(shown)
        refuse_changed(list(reversed(shown)), name)
        start(connection, shown[0].exception_id, by(HEDY))
        with pytest.raises(CaseError, match="the set that it prints"):
            refuse_changed(chosen(connection, Filters()), name)
        with pytest.raises(CaseError):
            refuse_changed(shown[1:], name)


def test_each_item_has_its_own_result_and_one_refusal_stops_no_other(queued: Engine) -> None:
    ids = [one.exception_id for one in FOUND]
    with writing(queued) as connection:
        results = each(ids, lambda one: assign(connection, one, ADA, by(ADA)))
    assert [one.done for one in results] == [True, True, False, False]
    assert "one of the roles" in results[2].said
    assert read(queued, "late").assignee == read(queued, "grave").assignee == "ada"
    assert read(queued, "ledger").assignee is None
