"""Alerts on both stores: kept once a channel, told when it is their hour, and kept when the receiver refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.engine import Engine

from q2c_pipeline.alerts import outbox
from q2c_pipeline.alerts.alert import Alert, AlertKind, Channel, Quiet
from q2c_pipeline.state import audit
from q2c_pipeline.state.alert_tables import ALERT
from q2c_pipeline.state.store import writing

NIGHT = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)
ALL = Channel("all", "json://a", ZoneInfo("UTC"))
TAX = Channel("tax", "json://b", ZoneInfo("UTC"), queues=frozenset({"tax"}), quiet=Quiet(time(20), time(7)))
ALERTS = [
    Alert(AlertKind.SLA_BREACH, "sla|1", "one is late", "tax"),
    Alert(AlertKind.SLA_BREACH, "sla|2", "two is late", "integration"),
]


def keep(state: Engine, *alerts: Alert, at: datetime = NIGHT) -> int:
    with writing(state) as connection:
        return outbox.keep(connection, [ALL, TAX], alerts, at)


def due(state: Engine, channel: Channel, at: datetime = NIGHT) -> list[outbox.Waiting]:
    with state.connect() as connection:
        return outbox.waiting(connection, channel, at)


def test_an_alert_is_kept_once_on_each_channel_that_takes_it(state: Engine) -> None:
    assert keep(state, *ALERTS) == 3
    assert keep(state, *ALERTS, ALERTS[0]) == 0
    assert keep(state, Alert(AlertKind.SLA_BREACH, "sla|3", "three is late", "tax"), *ALERTS) == 2
    assert [one.key for one in due(state, ALL)] == ["sla|1", "sla|2", "sla|3"]


def test_thousands_are_kept_in_one_go_and_once(state: Engine) -> None:
    many = [Alert(AlertKind.SLA_BREACH, f"sla|{n}", "late", "integration") for n in range(12_000)]
    assert keep(state, *many) == 12_000
    assert keep(state, *many) == 0
    with writing(state) as connection:
        outbox.settle(connection, ALL.name, outbox.waiting(connection, ALL, NIGHT), NIGHT, None)
    assert due(state, ALL) == []


def test_each_channel_waits_for_its_own_hour(state: Engine) -> None:
    keep(state, *ALERTS)
    assert due(state, TAX) == []
    assert [one.text for one in due(state, TAX, NIGHT.replace(hour=7, minute=0))] == ["one is late"]


def test_what_was_told_is_not_told_again_and_what_was_refused_waits(state: Engine) -> None:
    keep(state, *ALERTS)
    first, second = due(state, ALL)
    with writing(state) as connection:
        outbox.settle(connection, ALL.name, [first], NIGHT, None)
        outbox.settle(connection, ALL.name, [second], NIGHT, "the receiver answered 503")
    assert due(state, ALL, NIGHT + timedelta(days=9)) == [second]
    with state.connect() as connection:
        rows = connection.execute(select(ALERT).where(ALERT.c.channel == "all").order_by(ALERT.c.alert_key)).mappings().all()
    assert [(row["sent_at"], row["attempts"], row["trouble"]) for row in rows] == [
        (NIGHT, 1, None),
        (None, 1, "the receiver answered 503"),
    ]
    assert len(due(state, TAX, NIGHT + timedelta(hours=9))) == 1


def claim(state: Engine, at: datetime = NIGHT) -> list[str]:
    with writing(state) as connection:
        audit.append(connection)
        return [one.key for one in outbox.claim(connection, ALL, at)]


def test_what_one_teller_has_taken_nobody_else_tells(state: Engine) -> None:
    keep(state, *ALERTS)
    with ThreadPoolExecutor(4) as pool:
        taken = [*pool.map(lambda _: claim(state), range(4))]
    assert sorted(map(len, taken)) == [0, 0, 0, 2]
    assert due(state, ALL) == []


def test_what_a_teller_that_died_had_taken_is_told_after_its_lease(state: Engine) -> None:
    keep(state, *ALERTS)
    assert claim(state) == ["sla|1", "sla|2"]
    assert claim(state, NIGHT + outbox.LEASE) == []
    assert claim(state, NIGHT + outbox.LEASE + timedelta(seconds=1)) == ["sla|1", "sla|2"]


def test_what_was_refused_is_free_at_once(state: Engine) -> None:
    keep(state, *ALERTS)
    with writing(state) as connection:
        taken = outbox.claim(connection, ALL, NIGHT)
        outbox.settle(connection, ALL.name, taken, NIGHT, "the receiver answered 503")
    assert claim(state) == ["sla|1", "sla|2"]
