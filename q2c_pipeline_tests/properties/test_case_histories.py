"""Whatever nights find and people do, in whatever order: a case is what its history says, and the log proves the history."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from q2c_pipeline.errors import CaseError
from q2c_pipeline.exceptions.cases import By, Case, cases, events
from q2c_pipeline.exceptions.grouping import merge, split
from q2c_pipeline.exceptions.lifecycle import Happening, Status
from q2c_pipeline.exceptions.proof import first_forged
from q2c_pipeline.exceptions.work import Waiver, assign, mark_waiting, reopen, reopen_ineffective, resolve, start, waive
from q2c_pipeline.state.audit import Head, verify
from q2c_pipeline.state.store import state_at, writing
from q2c_pipeline_tests.unit.exceptions.company import FRIDAY, HEDY, LEGS, by, finding, reconcile

NAMES = ("one", "two")
IDS = {name: finding(name).exception_id for name in NAMES}
ACTIONS: dict[str, Callable[[Connection, str, str, By], Case | None]] = {
    "assign": lambda c, one, _, b: assign(c, one, HEDY, b),
    "start": lambda c, one, _, b: start(c, one, b),
    "wait": lambda c, one, _, b: mark_waiting(c, one, b, "correction"),
    "ineffective": lambda c, one, _, b: reopen_ineffective(c, one, b, "no effect"),
    "resolve": lambda c, one, _, b: resolve(c, one, b, "done"),
    "reopen": lambda c, one, _, b: reopen(c, one, b, "again"),
    "waive": lambda c, one, _, b: waive(c, one, Waiver("small", b.at.date() + timedelta(days=2)), b, 90),
    "merge": lambda c, one, other, b: merge(c, [one], other, b, "one cause"),
    "split": lambda c, one, _, b: split(c, one, b, "not one cause"),
}
NIGHT = st.tuples(
    st.just("night"),
    st.sets(st.sampled_from(NAMES)),
    st.sampled_from(("low", "critical")),
    st.sampled_from((LEGS, LEGS - {"BB"})),
)
ACTION = st.tuples(st.sampled_from(sorted(ACTIONS)), st.sampled_from(NAMES), st.sampled_from(NAMES), st.none())
STATUS_OF = {
    Happening.ASSIGNED: Status.ASSIGNED,
    Happening.STARTED: Status.IN_PROGRESS,
    Happening.WAITING: Status.WAITING,
    Happening.WAIVED: Status.WAIVED,
    Happening.RESOLVED: Status.RESOLVED,
    Happening.OPENED: Status.OPEN,
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(NIGHT, ACTION), min_size=5, max_size=25))
def test_a_case_is_what_its_history_says(sqlite_template: Path, steps: list[tuple[str, object, str, object]]) -> None:
    with TemporaryDirectory() as folder, state_at(shutil.copy(sqlite_template, folder)) as state:
        reconcile(state, FRIDAY, [finding(name) for name in NAMES])
        for number, (kind, first, second, third) in enumerate(steps, start=1):
            day = FRIDAY + timedelta(days=number)
            if kind == "night":
                found = [finding(name, severity=second) for name in sorted(first)]  # type: ignore[call-overload]
                reconcile(state, day, found, judged=third)  # type: ignore[arg-type]
                reconcile(state, day, found, judged=third)  # type: ignore[arg-type]
            else:
                _try(state, ACTIONS[kind], IDS[str(first)], IDS[second], by(HEDY, day))
        _holds(state)


def _try(state: Engine, action: Callable[[Connection, str, str, By], Case | None], one: str, other: str, who: By) -> None:
    before = verify(state)
    try:
        with writing(state) as connection:
            action(connection, one, other, who)
    except CaseError:  # refused: nothing was done
        assert verify(state) == before


def _holds(state: Engine) -> None:
    assert isinstance(verify(state), Head)
    with state.connect() as connection:
        assert first_forged(connection) is None
        for one in cases(connection):
            history = events(connection, one.exception_id)
            assert [event.kind for event in history].count(Happening.OPENED) == 1
            told = [STATUS_OF.get(event.kind) or _status(event.new) for event in history]
            assert [status for status in told if status is not None][-1] is one.status
            assert (one.status is Status.RESOLVED) == (one.resolved_on is not None)
            assert (one.status is Status.WAIVED) == (one.waived_until is not None)


def _status(new: str | None) -> Status | None:
    """The state that coming back leads to depends on whether somebody has the case: the event says it."""
    status = json.loads(new).get("status") if new else None
    return Status(status) if status else None
