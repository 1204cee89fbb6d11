"""Alerts on their way: each is kept by channel before it is sent, so that none is lost and none is told twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from q2c_pipeline.alerts.alert import Alert, AlertKind, Channel
from q2c_pipeline.state.alert_tables import ALERT

_AT_ONCE = 5_000
"""Rows in one statement: databases limit them."""
LEASE = timedelta(minutes=10)
"""How long a teller may take to send one message."""


@dataclass(frozen=True)
class Waiting:
    """One alert that a channel has not told yet."""

    key: str
    kind: AlertKind
    text: str
    raised_at: datetime


def keep(connection: Connection, channels: Iterable[Channel], alerts: Sequence[Alert], at: datetime) -> int:
    """Keep what is new on each channel that takes it; the number of alerts that were not known there."""
    kept = 0
    for channel in channels:
        rows = list({one.key: _row(one, channel.name, at) for one in alerts if channel.takes(one)}.values())
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            mine = (ALERT.c.channel == channel.name, ALERT.c.alert_key.in_([row["alert_key"] for row in some]))
            known = set(connection.scalars(select(ALERT.c.alert_key).where(*mine)))
            new = [row for row in some if row["alert_key"] not in known]
            kept += len(new)
            if new:
                connection.execute(insert(ALERT), new)
    return kept


def waiting(connection: Connection, channel: Channel, now: datetime) -> list[Waiting]:
    """What the channel may tell now and nobody else is telling, oldest first."""
    is_free = ALERT.c.claimed_until.is_(None) | (ALERT.c.claimed_until < now)
    unsent = select(ALERT).where(ALERT.c.channel == channel.name, ALERT.c.sent_at.is_(None), is_free)
    rows = connection.execute(unsent.order_by(ALERT.c.raised_at, ALERT.c.kind, ALERT.c.alert_key)).mappings()
    found = [Waiting(row["alert_key"], AlertKind(row["kind"]), row["text"], row["raised_at"]) for row in rows]
    return [one for one in found if channel.earliest(one.kind, one.raised_at) <= now]


def claim(connection: Connection, channel: Channel, now: datetime) -> list[Waiting]:
    """Take what the channel may tell now; nobody else takes it while the lease lasts, on whatever machine.

    A teller that dies after sending and before `settle` is the one case in which an alert is told twice.
    """
    due = waiting(connection, channel, now)
    _write(connection, channel.name, due, {"claimed_until": now + LEASE})
    return due


def settle(connection: Connection, channel: str, told: Sequence[Waiting], at: datetime, trouble: str | None) -> None:
    """Note that these were told, or what kept them from being told."""
    outcome = {"sent_at": None if trouble else at, "trouble": trouble, "attempts": ALERT.c.attempts + 1}
    _write(connection, channel, told, {**outcome, "claimed_until": None})


def _write(connection: Connection, channel: str, these: Sequence[Waiting], values: Mapping[str, object]) -> None:
    keys = [one.key for one in these]
    for start in range(0, len(keys), _AT_ONCE):
        mine = (ALERT.c.channel == channel, ALERT.c.alert_key.in_(keys[start : start + _AT_ONCE]))
        connection.execute(update(ALERT).where(*mine).values(**values))


def _row(alert: Alert, channel: str, at: datetime) -> dict[str, object]:
    return {
        "alert_key": alert.key,
        "channel": channel,
        "kind": alert.kind.value,
        "queue": alert.queue,
        "text": alert.text,
        "raised_at": at,
        "attempts": 0,
    }
