"""A push run: previews send nothing, failures wait as told, lost answers are looked up, and a dead system is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from q2c_pipeline.corrections import approval
from q2c_pipeline.corrections.policy import Approvers, Rule
from q2c_pipeline.corrections.proposal import Proposal
from q2c_pipeline.corrections.record import Correction, Status, from_proposal, select_where
from q2c_pipeline.corrections.refresh import refresh
from q2c_pipeline.corrections.trail import Trail
from q2c_pipeline.domain.people import Actor, UserRole
from q2c_pipeline.domain.repairs import Call, FieldChange, IsOurs, Order, Outcome, SetFields, Verdict, always
from q2c_pipeline.errors import ConfigurationError, NotAllowedError
from q2c_pipeline.orchestration import showing_corrections
from q2c_pipeline.orchestration.correcting import acting
from q2c_pipeline.orchestration.pushing import Pushed, Pushing
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.unit.corrections.making import AT, DAY, ScriptedPusher, anybody, journal, set_status

CARL = Actor("carl", frozenset({UserRole.INTEGRATION}))


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    now: datetime = AT
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@contextmanager
def at_work(settings: Settings, who: str) -> Iterator[Trail]:
    with acting(settings, who, AT) as trail:
        yield trail


def approved(settings: Settings, *proposals: Proposal) -> None:
    with at_work(settings, "the night") as trail:
        refresh(trail.connection, proposals, DAY, trail)
    with at_work(settings, "anna") as trail:
        shown = approval.proposed(trail, [one.correction_id for one in select_where(trail.connection)])
        approval.approve(trail, shown, shown.digest, anybody, [Rule(Approvers.ONE)], "fine")


def stored(settings: Settings) -> list[Correction]:
    with at_work(settings, "") as trail:
        return select_where(trail.connection)


def pushing(settings: Settings, pusher: ScriptedPusher, clock: Clock, actor: Actor = CARL) -> Pushing:
    return Pushing(settings, actor, clock, clock.sleep, lambda _settings, _instance: pusher)


def test_a_preview_shows_the_calls_and_sends_nothing(settings: Settings) -> None:
    approved(settings, set_status())
    pusher = ScriptedPusher()
    (found,) = pushing(settings, pusher, Clock()).preview()
    assert [(call.method, call.path) for call in found.calls] == [("POST", "/Order")]
    assert (pusher.sent, [one.status for one in stored(settings)]) == ([], [Status.APPROVED])


@pytest.mark.parametrize(("may_see", "shown"), [(True, "DE123456789"), (False, "•••789")])
def test_a_tax_id_is_shown_to_those_who_may_see_it_only(*, may_see: bool, shown: str) -> None:
    change = SetFields((FieldChange("Tax_Id__c", "DE123456780", "DE123456789"),))
    one = replace(from_proposal(set_status(), "c1", DAY, AT), payload=change)
    preview = Pushed("sf_main", [one], [Call("PATCH", "/Account", '{"Tax_Id__c":"DE123456789"}')])
    (line,) = [each for each in showing_corrections.pushed(preview, is_dry=True, may_see_personal=may_see) if "PATCH" in each]
    assert shown in line
    assert ("DE123456789" in line) is may_see
    told = Pushed("sf_main", statuses={"c1": (Status.REVIEW, "Tax_Id__c: in evidence DE123456780, now DE999999999")})
    (line,) = showing_corrections.pushed(told, is_dry=False, may_see_personal=may_see)
    assert ("DE999999999" in line) is may_see


def test_a_push_sends_everything_once(settings: Settings) -> None:
    approved(settings, set_status("x1"), set_status("x2"))
    pusher, clock = ScriptedPusher(), Clock()
    pushing(settings, pusher, clock).push()
    pushing(settings, pusher, clock).push()
    assert len(pusher.sent) == len(set(pusher.sent)) == 2
    assert {one.status for one in stored(settings)} == {Status.ACKNOWLEDGED}


def test_without_the_role_nothing_is_pushed(settings: Settings) -> None:
    approved(settings, set_status())
    pusher = ScriptedPusher()
    clerk = Actor("dora", frozenset({UserRole.REVENUE_OPERATIONS}))
    with pytest.raises(NotAllowedError):
        pushing(settings, pusher, Clock(), clerk).push()
    assert pusher.sent == []


def test_without_write_credentials_a_push_is_refused_with_the_next_step(settings: Settings) -> None:
    approved(settings, set_status())
    with pytest.raises(ConfigurationError, match="write_credentials"):
        Pushing(_without_write_credentials(settings), CARL, Clock()).push()
    assert [one.status for one in stored(settings)] == [Status.APPROVED]


def _without_write_credentials(settings: Settings) -> Settings:
    bare = [one.model_copy(update={"write_credentials": {}}) for one in settings.instances]
    return settings.model_copy(update={"instances": bare})


def test_failures_wait_ever_longer_and_end_as_a_dead_letter(settings: Settings) -> None:
    approved(settings, set_status())
    pusher, clock = ScriptedPusher([Verdict.FAILED] * 9), Clock()
    relaxed = settings.policy.corrections.model_copy(update={"circuit_failures": 99})
    patient = settings.model_copy(update={"policy": settings.policy.model_copy(update={"corrections": relaxed})})
    pushing(patient, pusher, clock).push()
    assert [one.status for one in stored(settings)] == [Status.DEAD_LETTER]
    assert len(pusher.sent) == relaxed.attempts
    assert [wait >= base for wait, base in zip(clock.slept, (2, 4, 8, 16), strict=True)] == [True] * 4
    assert [wait < base + 1.1 for wait, base in zip(clock.slept, (2, 4, 8, 16), strict=True)] == [True] * 4


def test_a_vendors_retry_after_is_honoured(settings: Settings) -> None:
    approved(settings, set_status())
    pusher, clock = ScriptedPusher([Verdict.FAILED], retry_after=60.0), Clock()
    pushing(settings, pusher, clock).push()
    assert clock.slept[0] >= 60.0
    assert [one.status for one in stored(settings)] == [Status.ACKNOWLEDGED]


def test_an_answer_that_was_lost_is_looked_up_and_not_sent_again(settings: Settings) -> None:
    approved(settings, set_status())
    (one,) = stored(settings)
    pusher = ScriptedPusher([Verdict.UNKNOWN], found=[Outcome(one.correction_id, Verdict.DONE, "made-1")])
    pushing(settings, pusher, Clock()).push()
    assert (len(pusher.sent), len(pusher.looked_up)) == (1, 1)
    assert [each.status for each in stored(settings)] == [Status.ACKNOWLEDGED]


def test_a_look_up_that_fails_for_days_leaves_it_unknown(settings: Settings) -> None:
    approved(settings, set_status())
    pusher, clock = Unreachable([Verdict.UNKNOWN]), Clock()
    for _ in range(60):
        pushing(settings, pusher, clock).push()
        clock.sleep(3600)
    (one,) = stored(settings)
    assert (one.status, len(pusher.sent)) == (Status.UNKNOWN, 1)
    assert one.note.startswith("not known whether it took effect: could not be looked up: HTTP 429 (attempt ")
    assert len(pusher.looked_up) > 60


class Unreachable(ScriptedPusher):
    """Takes what it is sent, and cannot be asked afterwards."""

    def look_up(self, order: Order) -> Outcome | None:
        """Too many requests."""
        self.looked_up.append(order.attempt_key)
        raise OSError("HTTP 429")


def test_what_did_not_happen_is_sent_again_under_the_same_key(settings: Settings) -> None:
    approved(settings, set_status())
    pusher = ScriptedPusher([Verdict.UNKNOWN], found=[None])
    pushing(settings, pusher, Clock()).push()
    assert len(pusher.sent) == 2
    assert len(set(pusher.sent)) == 1


@dataclass
class HeldUp(ScriptedPusher):
    """Asks right before it writes whether the orders are still its own, after the time that it is held up."""

    clock: Clock = field(default_factory=Clock)
    meanwhile: Callable[[], object] = lambda: None
    was_ours: list[bool] = field(default_factory=list)

    def send(self, orders: Sequence[Order], is_ours: IsOurs = always) -> list[Outcome]:
        self.clock.sleep(3600)
        self.meanwhile()
        self.was_ours.append(is_ours())
        verdict = Verdict.DONE if self.was_ours[-1] else Verdict.FAILED
        return [Outcome(order.correction_id, verdict, "made-1") for order in orders]


def test_a_pusher_that_was_held_up_writes_nothing_once_another_has_taken_over(settings: Settings) -> None:
    approved(settings, set_status())
    clock, other = Clock(), ScriptedPusher()
    slow = HeldUp(clock=clock, meanwhile=lambda: pushing(settings, other, clock).push())
    pushing(settings, slow, clock).push()
    assert (slow.was_ours, len(other.sent)) == ([False], 1)
    assert [one.status for one in stored(settings)] == [Status.ACKNOWLEDGED]


def test_a_pusher_that_was_held_up_goes_on_if_nobody_else_came(settings: Settings) -> None:
    approved(settings, set_status())
    clock = Clock()
    slow = HeldUp(clock=clock)
    pushing(settings, slow, clock).push()
    assert slow.was_ours == [True]
    assert [one.status for one in stored(settings)] == [Status.ACKNOWLEDGED]


class Broken(ScriptedPusher):
    """Raises where it should answer."""

    def send(self, orders: Sequence[Order], is_ours: IsOurs = always) -> list[Outcome]:  # noqa: ARG002
        raise RuntimeError(f"line went dead with {len(orders)}")

    def look_up(self, order: Order) -> Outcome | None:
        raise RuntimeError(f"still dead for {order.attempt_key}")


def test_a_pusher_that_breaks_may_have_acted(settings: Settings) -> None:
    approved(settings, set_status())
    pushing(settings, Broken(), Clock()).push()
    (one,) = stored(settings)
    assert one.status is Status.UNKNOWN
    assert "still dead" in one.note


def test_a_dead_system_is_paused_for_all_pushers(settings: Settings) -> None:
    approved(settings, *(set_status(f"x{number}") for number in range(3)))
    broken, clock = ScriptedPusher([Verdict.FAILED] * 99), Clock()
    (first,) = pushing(settings, broken, clock).push()
    assert first.paused_until is not None
    tried = len(broken.sent)
    (second,) = pushing(settings, broken, clock).push()
    assert second.statuses == {}
    assert len(broken.sent) == tried


def test_what_the_policy_no_longer_gives_is_refused_before_it_is_sent(settings: Settings) -> None:
    approved(settings, set_status())
    nothing = settings.policy.writable.model_copy(update={"crm": {}})
    strict = settings.model_copy(update={"policy": settings.policy.model_copy(update={"writable": nothing})})
    pusher = ScriptedPusher()
    pushing(strict, pusher, Clock()).push()
    assert pusher.sent == []
    assert {one.status for one in stored(settings)} == {Status.REFUSED, Status.TASK}


def test_plans_go_step_by_step_in_one_run(settings: Settings) -> None:
    approved(settings, journal(step=1), journal(step=2))
    pusher = ScriptedPusher()
    pushing(settings, pusher, Clock()).push()
    assert len(pusher.sent) == 2
    assert {one.status for one in stored(settings)} == {Status.ACKNOWLEDGED}
