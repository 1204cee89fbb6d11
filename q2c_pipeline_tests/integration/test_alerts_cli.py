"""Alerts from outside: a night tells its queues, a failed one is told too, and nothing is told twice or lost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from q2c_pipeline.cli import app
from q2c_pipeline.errors import SourceError
from q2c_pipeline.orchestration import alerting, lookalikes, night
from q2c_pipeline.orchestration.lookalikes import INSTANCES, write_config
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline_tests.receivers import Web, web_receiver
from q2c_pipeline_tests.scenarios.worlds import AS_OF

SECRET = "hidden-hook-4711"
FAULTS = ("bb04_price_drift", "bp01_not_posted", "md07_item_without_line")
CHANNELS = """
[policy.alerts.channels.everyone]
url = "env:Q2C_ALERTS_EVERYONE"
[policy.alerts.channels.tax]
url = "env:Q2C_ALERTS_EVERYONE"
queues = ["tax"]
"""


@dataclass(frozen=True)
class Site:
    """A company that has a channel, its receiver, and what the environment holds."""

    config: Path
    environ: dict[str, str]
    web: Web

    @property
    def settings(self) -> Settings:
        """As the command line reads them."""
        return load_settings(self.config, self.environ)

    def q2c(self, *arguments: str, **changed: str) -> tuple[int, str, str]:
        """Run a command."""
        cleared = {name: None for name in os.environ if name.startswith("Q2C_")}
        given = {**cleared, **self.environ, **changed}
        result = CliRunner().invoke(app, [*arguments, "--config", str(self.config)], env=given)
        assert SECRET not in result.output
        return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Systems that are away: what a night needs of them, a test serves by itself."""
    with web_receiver() as web:
        config = write_config(tmp_path, dict.fromkeys(INSTANCES, "http://127.0.0.1:1"))
        config.write_text(config.read_text() + CHANNELS)
        environ = {**lookalikes.new_credentials(), "Q2C_ALERTS_EVERYONE": f"json://127.0.0.1:{web.port}/{SECRET}"}
        yield Site(config, environ, web)


def told(web: Web) -> str:
    return "\n".join(f"{one['title']}\n{one['message']}" for one in web.bodies)


def test_a_night_tells_each_queue_once(tmp_path: Path) -> None:
    plan = lookalikes.Plan(1, 20, 3, AS_OF, FAULTS)
    credentials = lookalikes.new_credentials()
    with web_receiver() as web, lookalikes.serving_here(plan, credentials) as served:
        config = write_config(tmp_path, served.urls)
        config.write_text(config.read_text() + CHANNELS)
        environ = {**credentials, "Q2C_ALERTS_EVERYONE": f"json://127.0.0.1:{web.port}/{SECRET}"}
        one = Site(config, environ, web)
        first = night.run_night(one.settings, AS_OF, lambda *_: None)
        assert [(each.channel, each.trouble) for each in first.told] == [("everyone", None)]
        assert "new exception" in told(web)
        assert all(control in told(web) for control in ("BB04", "BP01", "MD07"))
        assert {path for path, _ in web.posts} == {f"/{SECRET}"}
        before = len(web.posts)
        again = night.run_night(one.settings, AS_OF, lambda *_: None)
        assert again.told == []
        assert len(web.posts) == before
        later = AS_OF + timedelta(days=60)
        overdue = alerting.tell(one.settings, later, datetime(2026, 8, 30, tzinfo=UTC))
        assert [(each.channel, each.alerts, each.trouble) for each in overdue] == [("everyone", len(FAULTS), None)]
        assert "3 sla breach" in told(web)
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_a_run_that_fails_is_told_in_its_own_words(site: Site) -> None:
    code, _, err = site.q2c("nightly", "--as-of", AS_OF.isoformat(), Q2C_NETSUITE_MAIN_TOKEN_SECRET="")
    assert code == 1, err
    assert "failed run" in told(site.web)
    assert "Q2C_NETSUITE_MAIN_TOKEN_SECRET" in told(site.web)
    assert site.q2c("nightly", "--as-of", AS_OF.isoformat(), Q2C_NETSUITE_MAIN_TOKEN_SECRET="")[0] == 1
    assert told(site.web).count("failed run") == 2  # the two channels, once each


def test_an_unexpected_failure_tells_its_kind_and_nothing_of_its_text(site: Site) -> None:
    with pytest.raises(ValueError, match="literal for int"), alerting.told_of_failure(site.settings, AS_OF):
        int("hidden customer name")
    assert "unexpected failure (ValueError)" in told(site.web)
    assert "hidden customer" not in told(site.web)


def test_what_the_receiver_refuses_waits_and_goes_out_later(site: Site) -> None:
    site.web.status = 503
    at = datetime(2026, 7, 1, 3, tzinfo=UTC)
    error = StopAsyncIteration("x")
    refused = alerting.tell(site.settings, AS_OF, at, [alerting.failed(error, AS_OF)])
    assert {one.trouble for one in refused} == {"the receiver answered 503"}
    (row, _) = json.loads(site.q2c("alerts", "list", "-f", "json")[1])
    assert (row["sent_at"], row["attempts"], row["trouble"]) == ("", "1", "the receiver answered 503")
    site.web.status, before = 200, len(site.web.posts)
    code, _, err = site.q2c("alerts", "send")
    assert (code, err.count("1 told on")) == (0, 2)
    assert len(site.web.posts) == before + 2
    assert site.q2c("alerts", "send")[2] == ""
    assert all(row["sent_at"] for row in json.loads(site.q2c("alerts", "list", "-f", "json")[1]))


def test_a_channel_without_its_secret_does_not_undo_a_night(site: Site) -> None:
    settings = load_settings(site.config, {})
    (one,) = alerting.tell_of_night(settings, AS_OF, datetime(2026, 7, 1, tzinfo=UTC), [])
    assert "Q2C_ALERTS_EVERYONE" in str(one.trouble)


def test_an_instance_that_was_left_out_is_told(site: Site) -> None:
    away = SourceError(expected="an answer", found="none", where="stripe_main", next_step="check the network")
    alerting.tell_of_night(site.settings, AS_OF, datetime(2026, 7, 1, tzinfo=UTC), [away])
    assert "blocked load\nleft out on 2026-06-30: stripe_main: expected an answer, found none" in told(site.web)


def test_a_channel_can_be_tried_and_checked(site: Site) -> None:
    assert site.q2c("alerts", "try", "everyone")[:2] == (0, "everyone: accepted\n")
    assert "This channel works" in told(site.web)
    site.web.status = 500
    code, _, err = site.q2c("alerts", "try", "everyone")
    assert (code, err) == (1, "everyone: the receiver answered 500\n")
    assert "did you mean 'everyone'" in site.q2c("alerts", "try", "evryone")[2]
    assert "alerts everyone" in site.q2c("check")[1]
    assert "notification library knows" in site.q2c("check", Q2C_ALERTS_EVERYONE="pigeon://home")[1]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("[policy.alerts]\nquiet_from = 20:00:00\n", "expected quiet_from and quiet_until"),
        ('[policy.alerts.channels.a]\nurl = "json://literal"\n', "expected a reference to a secret"),
        ('[policy.alerts.channels.a]\nurl = "env:A"\nkinds = ["sla_breech"]\n', "did you mean 'sla_breach'?"),
        ('[policy.alerts.channels.a]\nurl = "env:A"\nkind = ["sla_breach"]\n', "did you mean 'kinds'?"),
    ],
)
def test_a_wrong_channel_is_refused_with_a_cure(tmp_path: Path, wrong: str, said: str) -> None:
    config = write_config(tmp_path, dict.fromkeys(INSTANCES, "http://127.0.0.1:1"))
    config.write_text(config.read_text() + wrong)
    with pytest.raises(Exception, match=r"q2c\.toml") as caught:
        load_settings(config, {})
    assert said in str(caught.value)
    assert "literal" not in str(caught.value).replace("a literal value", "")
