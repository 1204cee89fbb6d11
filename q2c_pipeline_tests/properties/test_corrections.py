"""Whatever vendors answer, in whatever order: each correction acts at most once, and ends in a state that says what happened."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from q2c_pipeline.corrections import approval, outbox
from q2c_pipeline.corrections.outbox import Claim
from q2c_pipeline.corrections.policy import Approvers, Limits, Rule
from q2c_pipeline.corrections.record import Status, select_where
from q2c_pipeline.corrections.refresh import refresh
from q2c_pipeline.corrections.settling import Desk, found_nothing, settle, take
from q2c_pipeline.domain.repairs import Action, Outcome, Remove, Verdict
from q2c_pipeline.state import audit
from q2c_pipeline.state.store import open_state, writing
from q2c_pipeline_tests.unit.corrections.making import AT, DAY, anybody, by, journal

LIMITS = Limits(attempts=3, lease=timedelta(minutes=1))
ROUNDS = 40
SETTLED = {
    Status.ACKNOWLEDGED,
    Status.REFUSED,
    Status.REVIEW,
    Status.DEAD_LETTER,
    Status.EXPIRED,
    Status.COMPENSATED,
    Status.TASK,
}
# What the vendor does and what is heard of it: whether it acted, and the verdict; None is a pusher that dies before hearing.
_EVENTS = [
    (True, Verdict.DONE),
    (True, Verdict.UNKNOWN),
    (True, None),
    (False, Verdict.UNKNOWN),
    (False, None),
    (False, Verdict.FAILED),
    (False, Verdict.REJECTED),
    (False, Verdict.CHANGED),
]
_LOOKS = [None, Verdict.FAILED, Verdict.UNKNOWN]
"""What becomes of a look-up: an answer, or a failure of the line that must not pass for one."""


class Vendor:
    """Remembers which keys have acted; the same key never acts twice, as with every idempotency key."""

    def __init__(self, fate: list[tuple[bool, Verdict | None]], looks: list[Verdict | None]) -> None:
        self.acted: Counter[str] = Counter()
        self._fate, self._looks = fate, looks

    def look_up(self, key: str) -> Verdict | None:
        """Done if it has acted, None if it has not, or the failure of the look itself."""
        failure = self._looks.pop() if self._looks else None
        return failure or (Verdict.DONE if self.acted[key] else None)

    def send(self, key: str) -> Verdict | None:
        """Act or not, and answer or not, as fate has it; when fate has run out everything works."""
        acts, verdict = self._fate.pop() if self._fate else (True, Verdict.DONE)
        self.acted[key] += acts
        return verdict


@settings(max_examples=15, deadline=None)
@given(
    steps=st.integers(1, 3),
    fate=st.lists(st.sampled_from(_EVENTS), max_size=12),
    looks=st.lists(st.sampled_from(_LOOKS), max_size=9),
)
def test_every_correction_acts_at_most_once_and_none_is_forgotten(
    sqlite_template: Path, steps: int, fate: list[tuple[bool, Verdict | None]], looks: list[Verdict | None]
) -> None:
    vendor = Vendor(list(fate), list(looks))
    with TemporaryDirectory() as folder:
        state = open_state(shutil.copy(sqlite_template, folder))
        _approved(state, steps)
        for minute in range(ROUNDS):
            _round(state, vendor, minute * 2)
            with state.connect() as connection:
                if not outbox.waiting_instances(connection):
                    break
        _check(state, vendor)
        state.dispose()


def _approved(state: Engine, steps: int) -> None:
    with writing(state) as connection:
        refresh(connection, [journal(step=step) for step in range(1, steps + 1)], DAY, by(connection, "the night"))
        trail = by(connection, "anna")
        shown = approval.proposed(trail, [one.correction_id for one in select_where(connection)])
        approval.approve(trail, shown, shown.digest, anybody, [Rule(Approvers.ONE)], "fine")


def _round(state: Engine, vendor: Vendor, minute: int) -> None:
    at, name = AT + timedelta(minutes=minute), f"p{minute}"
    with writing(state) as connection:
        claims = take(Desk(by(connection, name, at), name, LIMITS), "netsuite_main", 1)
    for claim in claims:
        sendable: Claim | None = claim
        if claim.must_look_up:
            key = claim.correction.attempt_key
            with writing(state) as connection:
                desk = Desk(by(connection, name, at), name, LIMITS)
                if found := vendor.look_up(key):
                    settle(desk, claim, _outcome(claim, found), timedelta(0))
                    sendable = None
                else:
                    sendable = found_nothing(desk, claim)
        if sendable is not None and (verdict := vendor.send(sendable.correction.attempt_key)) is not None:
            with writing(state) as connection:
                settle(Desk(by(connection, name, at), name, LIMITS), sendable, _outcome(sendable, verdict), timedelta(0))


def _outcome(claim: Claim, verdict: Verdict) -> Outcome:
    made = f"made-{claim.correction.attempt_key[:6]}" if verdict is Verdict.DONE else None
    return Outcome(claim.correction.correction_id, verdict, made)


def _check(state: Engine, vendor: Vendor) -> None:
    assert set(vendor.acted.values()) <= {0, 1}
    with state.connect() as connection:
        found = select_where(connection)
        waiting = outbox.waiting_instances(connection)
    stuck = [one for one in found if one.status not in SETTLED | {Status.COMPENSATING}]
    assert stuck == []
    assert waiting == []
    for one in found:
        if one.status in {Status.ACKNOWLEDGED, Status.COMPENSATED}:
            assert vendor.acted[one.attempt_key] == 1
        elif one.status in {Status.REFUSED, Status.REVIEW, Status.EXPIRED, Status.DEAD_LETTER} and one.action is not Action.TASK:
            assert vendor.acted[one.attempt_key] == 0
    undone = [one for one in found if isinstance(one.payload, Remove) and one.status is Status.ACKNOWLEDGED]
    assert len(undone) == sum(one.status is Status.COMPENSATED for one in found)
    assert isinstance(audit.verify(state), audit.Head)
