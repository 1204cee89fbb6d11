"""What is worth telling, from cases and corrections as the nights leave them, on both stores."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Engine

from q2c_pipeline.alerts import facts
from q2c_pipeline.corrections.refresh import refresh
from q2c_pipeline.domain.people import NIGHT
from q2c_pipeline.state.correction_tables import CIRCUIT, CORRECTION, OUTBOX
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.corrections.making import AT, DAY, by, journal
from q2c_pipeline_tests.unit.exceptions.company import FRIDAY, finding, reconcile

NEXT = FRIDAY + timedelta(days=3)


def test_new_exceptions_are_told_by_queue_with_their_weight(state: Engine) -> None:
    found = [
        finding("a", severity="critical"),
        finding("b", control_id="BB06", amount_at_risk=None),
        finding("c", control_id="BP05"),
    ]
    reconcile(state, FRIDAY, found)
    with state.connect() as connection:
        told = {one.queue: one.text for one in facts.new_exceptions(connection, FRIDAY, "USD")}
        assert list(facts.new_exceptions(connection, NEXT, "USD")) == []
    assert told == {
        "revenue_operations": (
            "2 new exceptions for revenue operations on 2026-04-03 (1 critical), 270.00 USD at risk: BB04 1, BB06 1"
        ),
        "tax": "1 new exception for tax on 2026-04-03, 270.00 USD at risk: BP05 1",
    }


def test_what_comes_back_is_new_again_and_what_is_gone_is_not(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding("a"), finding("b")])
    reconcile(state, NEXT, [finding("b")])
    with state.connect() as connection:
        assert [one.key for one in facts.new_exceptions(connection, FRIDAY, "USD")] == ["new|2026-04-03|revenue_operations"]
    reconcile(state, NEXT + timedelta(days=1), [finding("a"), finding("b")])
    with state.connect() as connection:
        (again,) = facts.new_exceptions(connection, NEXT + timedelta(days=1), "USD")
    assert again.text.startswith("1 new exception for")


def test_a_breach_is_told_from_the_day_after_it_was_due(state: Engine) -> None:
    reconcile(state, FRIDAY, [finding("a", severity="critical"), finding("b", severity="low")])
    due = date(2026, 4, 7)  # Monday is Easter Monday in Germany
    with state.connect() as connection:
        assert list(facts.breaches(connection, due)) == []
        (one,) = facts.breaches(connection, due + timedelta(days=1))
    assert one.text == "BB04 a was due on 2026-04-07, is open and assigned to nobody"
    assert (one.queue, one.key.split("|")[2]) == ("revenue_operations", "2026-04-07")
    reconcile(state, due, [])
    with state.connect() as connection:
        assert list(facts.breaches(connection, due + timedelta(days=1))) == []


def test_dead_letters_and_open_circuits_are_told_with_their_way_on(state: Engine) -> None:
    with writing(state) as connection:
        refresh(connection, [journal()], DAY, by(connection, NIGHT))
        correction = connection.scalars(select(CORRECTION.c.correction_id)).one()
        row = {"attempt_key": "k", "correction_id": correction, "plan_id": "p", "step": 1, "instance": "netsuite_main"}
        connection.execute(insert(OUTBOX).values(**row, state="waiting", attempts=5, next_try_at=AT))
        connection.execute(insert(CIRCUIT).values(instance="netsuite_main", failures=5, open_until=AT + timedelta(minutes=5)))
        assert list(facts.dead_letters(connection)) == []
        connection.execute(update(OUTBOX).values(state="dead"))
        (dead,) = facts.dead_letters(connection)
        (blown,) = facts.open_circuits(connection, AT)
        assert list(facts.open_circuits(connection, AT + timedelta(minutes=5))) == []
    assert "did not reach netsuite_main in 5 attempts" in dead.text
    assert f"`q2c corrections show {correction[:12]}`" in dead.text
    assert blown.text.startswith("nothing is pushed to netsuite_main until ")
    assert blown.text.endswith("UTC, after 5 failures")


def test_what_nobody_could_find_out_is_told_as_not_known(state: Engine) -> None:
    with writing(state) as connection:
        refresh(connection, [journal()], DAY, by(connection, NIGHT))
        correction = connection.scalars(select(CORRECTION.c.correction_id)).one()
        row = {"attempt_key": "k7", "correction_id": correction, "plan_id": "p", "step": 1, "instance": "netsuite_main"}
        connection.execute(insert(OUTBOX).values(**row, state="unknown", attempts=4, next_try_at=AT))
        assert list(facts.unknown_effects(connection, 5)) == []
        connection.execute(update(OUTBOX).values(attempts=5))
        (one,) = facts.unknown_effects(connection, 5)
        assert list(facts.dead_letters(connection)) == []
    assert one.text.startswith(f"it is not known whether correction {correction[:12]} (draft_journal for BP06 ")
    assert "took effect in netsuite_main: look there for k7" in one.text
