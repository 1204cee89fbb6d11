"""Which channel takes an alert, and when it may go out."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from q2c_pipeline.alerts.alert import Alert, AlertKind, Channel, Quiet

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Quiet(time(20), time(7))


def channel(**given: object) -> Channel:
    return Channel("finance", "json://hidden", BERLIN, **given)  # type: ignore[arg-type]


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("quiet", "at", "holds"),
    [
        (NIGHT, time(20), True),
        (NIGHT, time(23, 59), True),
        (NIGHT, time(6, 59), True),
        (NIGHT, time(7), False),
        (NIGHT, time(19, 59), False),
        (Quiet(time(12), time(13)), time(12, 30), True),
        (Quiet(time(12), time(13)), time(13), False),
    ],
)
def test_quiet_hours_may_span_midnight(quiet: Quiet, at: time, holds: bool) -> None:  # noqa: FBT001
    assert quiet.holds(at) is holds


@pytest.mark.parametrize(
    ("given", "raised", "goes"),
    [
        ({}, "2026-06-30T02:30", "2026-06-30T02:30"),
        ({"quiet": NIGHT}, "2026-06-30T02:30", "2026-06-30T07:00"),
        ({"quiet": NIGHT}, "2026-06-30T21:00", "2026-07-01T07:00"),
        ({"quiet": NIGHT}, "2026-06-30T07:00", "2026-06-30T07:00"),
        ({"digest_at": time(8)}, "2026-06-30T02:30", "2026-06-30T08:00"),
        ({"digest_at": time(8)}, "2026-06-30T08:00", "2026-06-30T08:00"),
        ({"digest_at": time(8)}, "2026-06-30T08:01", "2026-07-01T08:00"),
        ({"digest_at": time(6), "quiet": NIGHT}, "2026-06-30T02:30", "2026-06-30T07:00"),
        ({"digest_at": time(8)}, "2026-10-24T09:00", "2026-10-25T08:00"),
    ],
)
def test_it_goes_out_with_the_next_digest_and_never_in_quiet_hours(given: dict[str, object], raised: str, goes: str) -> None:
    assert channel(**given).earliest(AlertKind.SLA_BREACH, berlin(raised).astimezone(UTC)) == berlin(goes)


def test_what_is_urgent_waits_for_nothing() -> None:
    one = channel(quiet=NIGHT, digest_at=time(8), urgent=frozenset({AlertKind.FAILED_RUN}))
    raised = berlin("2026-06-30T02:30")
    assert one.earliest(AlertKind.FAILED_RUN, raised) == raised
    assert one.earliest(AlertKind.SLA_BREACH, raised) > raised


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({}, {"dead", "new", "run"}),
        ({"kinds": frozenset({AlertKind.DEAD_LETTER})}, {"dead"}),
        ({"queues": frozenset({"tax"})}, {"new", "run"}),
        ({"queues": frozenset({"integration"}), "kinds": frozenset({AlertKind.NEW_EXCEPTIONS})}, set()),
    ],
)
def test_a_channel_takes_its_kinds_and_queues_and_what_belongs_to_no_queue(given: dict[str, object], taken: set[str]) -> None:
    alerts = [
        Alert(AlertKind.DEAD_LETTER, "dead", "", "integration"),
        Alert(AlertKind.NEW_EXCEPTIONS, "new", "", "tax"),
        Alert(AlertKind.FAILED_RUN, "run", ""),
    ]
    assert {one.key for one in alerts if channel(**given).takes(one)} == taken


def test_the_url_is_in_no_text_of_a_channel() -> None:
    assert "hidden" not in repr(channel())
