"""Tells people what they should know without asking: after every night, and whenever `q2c alerts send` is run in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

import polars as pl
from sqlalchemy import Connection, select
from sqlalchemy.engine import Engine

from q2c_pipeline.alerts import facts, outbox
from q2c_pipeline.alerts.alert import Alert, AlertKind, Channel
from q2c_pipeline.alerts.sending import is_sendable, message, send
from q2c_pipeline.errors import ConfigurationError, Q2CError
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.platforms.extraction import Finding
from q2c_pipeline.settings import Settings, did_you_mean
from q2c_pipeline.state import audit
from q2c_pipeline.state.alert_tables import ALERT
from q2c_pipeline.state.store import writing

_KEY_LENGTH = 16


@dataclass(frozen=True)
class Told:
    """What one channel was told, or what kept it from being told."""

    channel: str
    alerts: int
    trouble: str | None = None


def tell(settings: Settings, as_of: date, at: datetime, more: Sequence[Alert] = ()) -> list[Told]:
    """Keep what is worth telling of that day and what `more` says, and send what may go out now; one entry a message."""
    settings = settings.on(as_of)
    channels = settings.alert_channels()
    if not channels:
        return []
    with state_of(settings) as state:
        with _alone(state) as connection:
            found = [
                *facts.new_exceptions(connection, as_of, settings.company.group_currency),
                *facts.breaches(connection, as_of),
                *facts.dead_letters(connection),
                *facts.unknown_effects(connection, settings.policy.corrections.attempts),
                *facts.open_circuits(connection, at),
            ]
            outbox.keep(connection, channels, [*more, *found], at)
        return [told for channel in channels for told in _deliver(state, settings.company.name, channel, at)]


def tell_of_night(settings: Settings, as_of: date, at: datetime, left_out: Iterable[Q2CError]) -> list[Told]:
    """Tell of a night that is done; what keeps people from being told does not undo the night."""
    try:
        return tell(settings, as_of, at, blocked(left_out, as_of))
    except Q2CError as trouble:
        return [Told("every channel", 0, str(trouble))]


def _deliver(state: Engine, company: str, channel: Channel, at: datetime) -> Iterator[Told]:
    """Send all that waits as one message; what was not accepted waits for the next time."""
    with _alone(state) as connection:
        due = outbox.claim(connection, channel, at)
    if due:
        trouble = send(channel.url, *message(company, due))
        with writing(state) as connection:
            outbox.settle(connection, channel.name, due, at, trouble)
        yield Told(channel.name, len(due), trouble)


@contextmanager
def _alone(state: Engine) -> Iterator[Connection]:
    """A transaction that others, on this machine or another, wait for: two that tell at once tell everything once."""
    with writing(state) as connection:
        audit.append(connection)
        yield connection


def blocked(errors: Iterable[Q2CError], as_of: date) -> list[Alert]:
    """An alert for each instance that was left out of the night."""
    return [
        Alert(AlertKind.BLOCKED_LOAD, f"blocked|{as_of}|{_digest(str(one))}", f"left out on {as_of}: {one}", "integration")
        for one in errors
    ]


def failed(error: BaseException, as_of: date) -> Alert:
    """An alert for a run that did not finish; an unexpected failure's own text may hold anything, so its kind is told only."""
    said = str(error) if isinstance(error, Q2CError) else f"unexpected failure ({type(error).__name__}), see its log"
    return Alert(AlertKind.FAILED_RUN, f"failed|{as_of}|{_digest(said)}", f"the run for {as_of} failed: {said}")


@contextmanager
def told_of_failure(settings: Settings, as_of: date) -> Iterator[None]:
    """Let a run that fails be told; the failure itself goes on as it was, whatever becomes of the alert."""
    try:
        yield
    except Exception as error:
        try:
            tell(settings, as_of, datetime.now(UTC), [failed(error, as_of)])
        except Q2CError as trouble:
            error.add_note(f"and nobody could be told: {trouble}")
        raise


def try_channel(settings: Settings, name: str, as_of: date) -> str | None:
    """Send a test message to one channel at once; nothing when it was accepted, else why not."""
    channels = {one.name: one for one in settings.on(as_of).alert_channels()}
    if name not in channels:
        raise ConfigurationError(
            expected="a configured channel",
            found=f"'{name}'",
            where=f"{settings.path.name}: policy.alerts.channels",
            next_step=did_you_mean(name, channels) if channels else "add one; q2c.example.toml shows how",
        )
    return send(channels[name].url, f"{settings.company.name}: test", "This channel works: alerts of q2c will arrive here.")


def listed(settings: Settings) -> pl.DataFrame:
    """Every alert by channel, the newest first: what waits, what was told when, and what kept it from being told."""
    names = ("raised_at", "channel", "kind", "queue", "text", "sent_at", "attempts", "trouble")
    newest = select(*(ALERT.c[name] for name in names)).order_by(ALERT.c.raised_at.desc(), ALERT.c.channel, ALERT.c.alert_key)
    with state_of(settings) as state, state.connect() as connection:
        rows = [tuple(str(value) if value is not None else "" for value in row) for row in connection.execute(newest)]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()), orient="row")


def channel_findings(settings: Settings) -> Iterator[Finding]:
    """For the self-test: every channel's secret can be opened, and can be sent to; nothing is sent."""
    try:
        channels = settings.alert_channels()
    except Q2CError as error:
        says = f"{error.where}: expected {error.expected}, found {error.found}"
        yield Finding("alerts", is_ok=False, says=says, next_step=error.next_step)
        return
    for channel in channels:
        is_ok = is_sendable(channel.url)
        says = "can be sent to" if is_ok else "the URL is none that the notification library knows"
        cure = "" if is_ok else "write it as on https://appriseit.com, e.g. mailtos://..., slack://..., json://..."
        yield Finding(f"alerts {channel.name}", is_ok=is_ok, says=says, next_step=cure)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_KEY_LENGTH]
