"""Messages arrive as each kind of receiver expects them, and a failure is told without the secret in the URL."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from q2c_pipeline.alerts.alert import AlertKind
from q2c_pipeline.alerts.outbox import Waiting
from q2c_pipeline.alerts.sending import MAX_LINES, is_sendable, message, send
from q2c_pipeline_tests.receivers import Web, mail_receiver, web_receiver

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
TEAMS = "workflows://prod-1.westus.logic.azure.com:443/643e69f83c8944/secret-signature"


@pytest.fixture
def web() -> Iterator[Web]:
    with web_receiver() as one:
        yield one


@pytest.fixture
def rerouted(web: Web, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets calls to vendors end at the local receiver; gives the addresses that were meant."""
    meant: list[str] = []
    real = requests.request

    def reroute(method: str, url: str, **given: Any) -> requests.Response:
        meant.append(url)
        return real(method, f"http://127.0.0.1:{web.port}{urlsplit(url).path}", **given)

    monkeypatch.setattr(requests, "request", reroute)
    monkeypatch.setattr(requests, "post", lambda url, **given: reroute("post", url, **given))
    return meant


def test_a_webhook_gets_title_and_body(web: Web) -> None:
    assert send(f"json://127.0.0.1:{web.port}/hook", "Example: 2 alerts", "- one\n- two") is None
    ((path, body),) = web.posts
    assert path == "/hook"
    assert (body["title"], body["message"]) == ("Example: 2 alerts", "- one\n- two")


def test_an_email_gets_subject_sender_and_text() -> None:
    with mail_receiver() as (port, arrived):
        url = f"mailto://127.0.0.1:{port}?from=q2c@example.com&to=close@example.com&smtp=127.0.0.1&mode=insecure"
        assert send(url, "Example: dead letter", "correction 1 did not reach sf_main") is None
    (one,) = arrived
    assert "Example: dead letter" in str(one["Subject"])
    assert "close@example.com" in str(one["To"])
    parts = [part.get_payload(decode=True) for part in one.walk() if not part.is_multipart()]
    assert any(b"did not reach sf_main" in bytes(part) for part in parts if isinstance(part, bytes))


def test_slack_gets_the_text_at_its_own_address(web: Web, rerouted: list[str]) -> None:
    assert send(SLACK, "Example: circuit open", "nothing is pushed to stripe_main") is None
    assert rerouted[0].startswith("https://hooks.slack.com/services/T1JJ3T3L2/")
    assert "nothing is pushed to stripe_main" in str(web.bodies[0])


def test_teams_gets_the_text_at_its_own_address(web: Web, rerouted: list[str]) -> None:
    assert send(TEAMS, "Example: failed run", "the run for 2026-06-30 failed") is None
    assert rerouted[0].startswith("https://prod-1.westus.logic.azure.com")
    assert "the run for 2026-06-30 failed" in str(web.bodies[0]).replace("\\", "")


def test_a_refusal_is_told_by_its_status_only(
    web: Web, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    web.status = 503
    with caplog.at_level(logging.DEBUG):
        said = send(f"json://user:hidden-1@127.0.0.1:{web.port}/hidden-2", "t", "b")
    assert said == "the receiver answered 503"
    out, err = capfd.readouterr()
    assert "hidden" not in out + err + caplog.text


def test_a_receiver_that_is_away_is_told() -> None:
    with web_receiver() as gone:
        port = gone.port
    assert send(f"json://127.0.0.1:{port}", "t", "b") == "the receiver could not be reached"


@pytest.mark.parametrize(
    ("url", "known"), [(SLACK, True), (TEAMS, True), ("json://h/x", True), ("pigeon://home", False), ("", False)]
)
def test_only_what_the_library_knows_can_be_sent_to(url: str, known: bool) -> None:  # noqa: FBT001
    assert is_sendable(url) is known
    if not known:
        assert send(url, "t", "b") == "the URL is none that can be sent to"


def waiting(count: int) -> list[Waiting]:
    kinds = (AlertKind.SLA_BREACH, AlertKind.DEAD_LETTER)
    return [Waiting(f"k{n}", kinds[n % 2], f"text {n}", datetime(2026, 6, 30, tzinfo=UTC)) for n in range(count)]


def test_one_alert_is_its_own_message_and_several_are_a_digest() -> None:
    assert message("Example", waiting(1)) == ("Example: sla breach", "text 0")
    assert message("Example", waiting(3)) == (
        "Example: 3 alerts (1 dead letter, 2 sla breach)",
        "- text 0\n- text 1\n- text 2",
    )


def test_a_long_digest_says_how_many_more_there_are() -> None:
    body = message("Example", waiting(MAX_LINES + 7))[1].splitlines()
    assert len(body) == MAX_LINES + 1
    assert body[-1].startswith("- and 7 more")
