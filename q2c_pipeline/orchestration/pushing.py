"""Hands approved corrections to the systems: claimed, written down, sent once, settled; what was not answered is looked up."""

from __future__ import annotations

import importlib
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_random
from tenacity.wait import wait_base

from q2c_pipeline.corrections import circuit, outbox
from q2c_pipeline.corrections.outbox import Claim
from q2c_pipeline.corrections.policy import Limits
from q2c_pipeline.corrections.record import Correction, Status
from q2c_pipeline.corrections.settling import Desk, found_nothing, settle, take
from q2c_pipeline.domain.people import Actor, Permission, require
from q2c_pipeline.domain.repairs import Call, Outcome, Pusher, Verdict
from q2c_pipeline.errors import OwnershipError
from q2c_pipeline.orchestration.correcting import acting
from q2c_pipeline.orchestration.writing_places import ownership_of
from q2c_pipeline.settings import Settings

Clock = Callable[[], datetime]
_TECHNICAL = frozenset({Verdict.FAILED, Verdict.UNKNOWN})
_JITTER_SECONDS = 1.0
_DOUBLINGS = 20


@dataclass(frozen=True)
class Pushed:
    """What one instance was sent, or would be sent: statuses by correction, the exact calls of a dry run, or a pause."""

    instance: str
    corrections: Sequence[Correction] = ()
    calls: Sequence[Call] = ()
    statuses: dict[str, tuple[Status, str]] = field(default_factory=dict)
    paused_until: datetime | None = None


@dataclass(frozen=True)
class Pushing:
    """One run of a pusher: who pushes what to whom, by which clock."""

    settings: Settings
    actor: Actor
    clock: Clock
    sleep: Callable[[float], None] = time.sleep
    open_pusher: Callable[[Settings, str], Pusher] | None = None
    name: str = field(default_factory=lambda: f"{os.getpid()}-{uuid.uuid4().hex[:8]}")

    @property
    def limits(self) -> Limits:
        """How often and how long."""
        return self.settings.policy.corrections.limits

    def preview(self, instance: str | None = None) -> list[Pushed]:
        """Exactly what would be sent now; nothing is."""
        require(self.actor, Permission.PUSH_CORRECTIONS)
        return [self._preview(each) for each in self._instances(instance)]

    def push(self, instance: str | None = None) -> list[Pushed]:
        """Send what waits, instance by instance, until nothing is due or the limits are reached."""
        require(self.actor, Permission.PUSH_CORRECTIONS)
        pushers = {each: self._open(each) for each in self._instances(instance)}
        return [self._push(each, pusher) for each, pusher in pushers.items()]

    def _instances(self, instance: str | None) -> list[str]:
        with acting(self.settings, self.actor.name, self.clock()) as trail:
            found = outbox.waiting_instances(trail.connection)
        return [each for each in found if instance in (None, each)]

    def _open(self, instance: str) -> Pusher:
        return (self.open_pusher or open_pusher)(self.settings, instance)

    def _preview(self, instance: str) -> Pushed:
        with acting(self.settings, self.actor.name, self.clock()) as trail:
            corrections = outbox.waiting(trail.connection, instance)
        pusher = self._open(instance)
        return Pushed(instance, corrections, pusher.preview([one.order for one in corrections]))

    def _push(self, instance: str, pusher: Pusher) -> Pushed:
        done = Pushed(instance)
        rounds = Retrying(
            retry=retry_if_result(lambda until: until is not None),
            wait=_AsTold(self.clock, self.limits) + wait_random(0, _JITTER_SECONDS),
            stop=stop_after_attempt(self.limits.attempts + 1),
            sleep=self.sleep,
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )
        rounds(partial(self._until_nothing_is_due, instance, pusher, done))
        with acting(self.settings, self.actor.name, self.clock()) as trail:
            paused = circuit.open_until(trail.connection, instance, self.clock())
        return Pushed(instance, statuses=done.statuses, paused_until=paused)

    def _until_nothing_is_due(self, instance: str, pusher: Pusher, done: Pushed) -> datetime | None:
        """Rounds until nothing can be claimed; returns when the next row may be tried, if it is worth waiting for."""
        while claims := self._claim(instance):
            to_send = [one for claim in claims if (one := self._looked_up(claim, instance, pusher, done)) is not None]
            if to_send:
                self._settle(instance, to_send, self._sent(pusher, to_send), done)
        with self._desk() as desk:
            if circuit.open_until(desk.connection, instance, self.clock()):
                return None
            until = outbox.next_try(desk.connection, instance)
        return until if until and until <= self.clock() + self.limits.longest_wait else None

    def _claim(self, instance: str) -> list[Claim]:
        with self._desk() as desk:
            if circuit.open_until(desk.connection, instance, desk.trail.at):
                return []
            one_only = circuit.is_on_trial(desk.connection, instance)
            return take(desk, instance, 1 if one_only else self.limits.batch)

    def _looked_up(self, claim: Claim, instance: str, pusher: Pusher, done: Pushed) -> Claim | None:
        """The claim if it is to be sent; None if an earlier attempt proved to have acted, or nobody can tell."""
        if not claim.must_look_up:
            return claim
        order = claim.correction.order
        try:
            outcome = pusher.look_up(order)
        except Exception as error:  # noqa: BLE001  (whatever went wrong, nothing is known and nothing may be sent)
            outcome = Outcome(order.correction_id, Verdict.UNKNOWN, detail=f"could not be looked up: {error}")
        if outcome is not None:
            self._settle(instance, [claim], [outcome], done)
            return None
        with self._desk() as desk:
            return found_nothing(desk, claim)

    def _sent(self, pusher: Pusher, claims: Sequence[Claim]) -> list[Outcome]:
        """One outcome a claim; ownership is checked once more, by the policy of this moment."""
        ownership = ownership_of(self.settings)
        refused: dict[str, Outcome] = {}
        for claim in claims:
            order = claim.correction.order
            try:
                ownership.refuse_foreign(order.target, order.action, order.payload)
            except OwnershipError as error:
                refused[order.correction_id] = Outcome(order.correction_id, Verdict.REJECTED, detail=f"not sent: {error}")
        orders = [claim.correction.order for claim in claims if claim.correction.correction_id not in refused]
        try:
            outcomes = {
                one.correction_id: one for one in (pusher.send(orders, partial(self._holds, len(claims))) if orders else [])
            }
        except Exception as error:  # noqa: BLE001  (a pusher that breaks may have acted: unknown, never a repeat)
            outcomes = {one.correction_id: Outcome(one.correction_id, Verdict.UNKNOWN, detail=str(error)) for one in orders}
        return [(refused | outcomes)[claim.correction.correction_id] for claim in claims]

    def _holds(self, claims: int) -> bool:
        """Whether all that was claimed is still this pusher's, which extends the lease; asked right before each write."""
        with self._desk() as desk:
            return outbox.renew(desk.connection, self.name, desk.trail.at + self.limits.lease) == claims

    def _settle(self, instance: str, claims: Sequence[Claim], outcomes: Sequence[Outcome], done: Pushed) -> None:
        with self._desk() as desk:
            for claim, outcome in zip(claims, outcomes, strict=True):
                status = settle(desk, claim, outcome, _pause(self.limits, claim.attempts, outcome.retry_after))
                done.statuses[claim.correction.correction_id] = (status, outcome.detail)
            failed = all(outcome.verdict in _TECHNICAL for outcome in outcomes)
            circuit.count(desk.connection, instance, desk.trail.at, self.limits, failed=failed)

    @contextmanager
    def _desk(self) -> Iterator[Desk]:
        with acting(self.settings, self.actor.name, self.clock()) as trail:
            yield Desk(trail, self.name, self.limits)


class _AsTold(wait_base):
    """Waits until the time that a round has returned: the vendor's own Retry-After, or our backoff."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock, self._limits = clock, limits

    def __call__(self, retry_state: RetryCallState) -> float:
        """Seconds from now."""
        until: datetime | None = retry_state.outcome.result() if retry_state.outcome else None
        return max(0.0, (until - self._clock()).total_seconds()) if until else 0.0


def _pause(limits: Limits, attempts: int, told: float | None) -> timedelta:
    """Doubling from the first wait, never shorter than the vendor asks: 2 s, 4 s, 8 s ... up to the longest.

    An unknown is looked up however often it takes: past some doublings the number would not fit a time span any more.
    """
    backoff: timedelta = min(limits.first_wait * 2 ** min(attempts - 1, _DOUBLINGS), limits.longest_wait)
    return max(backoff, timedelta(seconds=told or 0))


def open_pusher(settings: Settings, instance: str) -> Pusher:
    """The writing side of an instance; raises ConfigurationError where it has no credentials that may write."""
    opened = settings.writing_instance(instance)
    pusher: Pusher = importlib.import_module(f"q2c_pipeline.platforms.{opened.platform}.push").open_pusher(opened)
    return pusher
