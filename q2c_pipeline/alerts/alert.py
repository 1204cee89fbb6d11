"""What people are told of without asking, and by which channel, when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class AlertKind(StrEnum):
    """What may be told."""

    NEW_EXCEPTIONS = "new_exceptions"
    SLA_BREACH = "sla_breach"
    BLOCKED_LOAD = "blocked_load"
    DEAD_LETTER = "dead_letter"
    UNKNOWN_EFFECT = "unknown_effect"
    CIRCUIT_OPEN = "circuit_open"
    FAILED_RUN = "failed_run"


@dataclass(frozen=True)
class Alert:
    """One fact worth telling; the same key is told once on each channel, however often it is found again."""

    kind: AlertKind
    key: str
    text: str
    queue: str | None = None


@dataclass(frozen=True)
class Quiet:
    """Hours of the day in which nothing is sent; from 20:00 until 07:00 spans midnight."""

    start: time
    end: time

    def holds(self, local: time) -> bool:
        """Whether it is quiet at that time of day; the end itself is not."""
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True)
class Channel:
    """Where alerts go, which ones, and when; `url` is a secret and in no text of this object."""

    name: str
    url: str = field(repr=False)
    zone: ZoneInfo
    kinds: frozenset[AlertKind] | None = None
    queues: frozenset[str] | None = None
    urgent: frozenset[AlertKind] = frozenset()
    quiet: Quiet | None = None
    digest_at: time | None = None

    def takes(self, alert: Alert) -> bool:
        """Whether the alert is for this channel; what belongs to no queue is for every one."""
        for_kind = self.kinds is None or alert.kind in self.kinds
        return for_kind and (self.queues is None or alert.queue is None or alert.queue in self.queues)

    def earliest(self, kind: AlertKind, raised_at: datetime) -> datetime:
        """When it may go out: urgent ones at once, others with the next digest, and never in quiet hours.

        Digest at 08:00, quiet from 20:00 until 09:00: raised at 21:00, it goes out at 09:00.
        """
        local = raised_at.astimezone(self.zone)
        if kind in self.urgent:
            return raised_at
        if self.digest_at is not None:
            local = _next(local, self.digest_at)
        if self.quiet is not None and self.quiet.holds(local.time()):
            local = _next(local, self.quiet.end)
        return local


def _next(local: datetime, at: time) -> datetime:
    """The next moment from `local` on at which a clock on the wall shows that time."""
    today = local.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
    return today if today >= local else today + timedelta(days=1)
