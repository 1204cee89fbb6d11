"""Two pushers at once: every row is one pusher's, none is left, on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

from sqlalchemy.engine import Engine

from q2c_pipeline.corrections import approval
from q2c_pipeline.corrections.policy import Approvers, Limits, Rule
from q2c_pipeline.corrections.record import Status, select_where
from q2c_pipeline.corrections.refresh import refresh
from q2c_pipeline.corrections.settling import Desk, settle, take
from q2c_pipeline.domain.repairs import Outcome, Verdict
from q2c_pipeline.state import audit
from q2c_pipeline.state.store import writing
from q2c_pipeline_tests.unit.corrections.making import DAY, anybody, by, set_status

COUNT, PUSHERS = 24, 3


def test_no_row_is_taken_twice_and_none_is_left(state: Engine) -> None:
    _approved(state)
    taken: list[str] = []
    barrier = threading.Barrier(PUSHERS)
    threads = [threading.Thread(target=_push, args=(state, f"p{number}", barrier, taken)) for number in range(PUSHERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with state.connect() as connection:
        statuses = Counter(one.status for one in select_where(connection))
    assert Counter(taken).most_common(1)[0][1] == 1
    assert (len(taken), statuses) == (COUNT, Counter({Status.ACKNOWLEDGED: COUNT}))
    assert isinstance(audit.verify(state), audit.Head)


def _approved(state: Engine) -> None:
    with writing(state) as connection:
        refresh(connection, [set_status(f"x{number}") for number in range(COUNT)], DAY, by(connection, "the night"))
        trail = by(connection, "anna")
        shown = approval.proposed(trail, [one.correction_id for one in select_where(connection)])
        approval.approve(trail, shown, shown.digest, anybody, [Rule(Approvers.ONE)], "fine")


def _push(state: Engine, name: str, barrier: threading.Barrier, taken: list[str]) -> None:
    barrier.wait(60)
    while True:
        with writing(state) as connection:
            claims = take(Desk(by(connection, name), name, Limits()), "sf_main", 2)
        if not claims:
            return
        taken += [claim.correction.correction_id for claim in claims]
        with writing(state) as connection:
            for claim in claims:
                outcome = Outcome(claim.correction.correction_id, Verdict.DONE)
                settle(Desk(by(connection, name), name, Limits()), claim, outcome, timedelta(0))
