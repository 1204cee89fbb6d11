"""Nights and people at the same time: nothing is lost, nothing is done twice, and the log still proves it all."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Engine

from q2c_pipeline.errors import CaseError
from q2c_pipeline.exceptions.cases import cases, events
from q2c_pipeline.exceptions.lifecycle import Happening, Status
from q2c_pipeline.exceptions.proof import first_forged
from q2c_pipeline.exceptions.work import comment, start
from q2c_pipeline.state.audit import Head, verify
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.exceptions.company import FRIDAY, HEDY, by, finding, reconcile

FOUND = [finding(f"line {number}") for number in range(12)]


def test_people_work_while_a_night_writes(state: Engine) -> None:
    reconcile(state, FRIDAY, FOUND)

    def person(number: int) -> bool:
        try:
            with writing(state) as connection:
                start(connection, FOUND[number % 12].exception_id, by(HEDY))
                comment(connection, FOUND[number % 12].exception_id, by(HEDY), f"note {number}")
        except CaseError:  # somebody was faster, or the night has resolved it: this one is told so
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        nights = [pool.submit(reconcile, state, FRIDAY + timedelta(days=day), FOUND[day:]) for day in (1, 2, 3)]
        done = list(pool.map(person, range(36)))
        for night in nights:
            night.result()
    assert isinstance(verify(state), Head)
    with state.connect() as connection:
        assert first_forged(connection) is None
        happened = Counter(event.kind for one in FOUND for event in events(connection, one.exception_id))
        assert happened[Happening.STARTED] == happened[Happening.COMMENTED] == sum(done)
        everyone = cases(connection)
        assert {one.status for one in everyone} <= {Status.IN_PROGRESS, Status.RESOLVED, Status.OPEN}
        assert happened[Happening.OPENED] == len(everyone) == 12


def test_two_nights_of_one_day_at_once_are_one(state: Engine) -> None:
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: reconcile(state, FRIDAY, FOUND), range(2)))
    assert sorted(one.counts[Happening.OPENED] for one in outcomes) == [0, 12]
