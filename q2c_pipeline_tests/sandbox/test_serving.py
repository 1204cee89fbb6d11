"""The toolkit under all look-alikes: serving on loopback, glitches on demand, planted record faults."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from q2c_pipeline.sandbox.servers.misbehave import Glitch, Glitches, Tampering
from q2c_pipeline.sandbox.servers.serving import Running, serve
from q2c_pipeline.sandbox.systems import Misbehaviour, Systems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request


class Counter:
    def __init__(self) -> None:
        self.calls, self.forgotten, self.shifted = 0, 0, timedelta()
        self.glitches = Glitches(self.forget, self.shift)
        self.app = Starlette(routes=[Route("/thing", self.thing, methods=["GET", "POST"])])
        self.glitches.install(self.app)

    async def thing(self, request: Request) -> PlainTextResponse:
        self.calls += 1
        said = (await request.body()).decode()
        return PlainTextResponse(f"{said} {self.calls}" if said else "fine")

    def forget(self) -> None:
        self.forgotten += 1

    def shift(self, by: timedelta) -> None:
        self.shifted += by


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def running(counter: Counter) -> Iterator[Running]:
    with serve(counter.app) as server:
        yield server


def test_a_served_app_answers_on_loopback_and_stops(counter: Counter) -> None:
    server = serve(counter.app)
    assert server.url.startswith("http://127.0.0.1:")
    assert httpx.get(f"{server.url}/thing").text == "fine"
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/thing")


def test_a_status_glitch_strikes_after_skip_and_then_ends(counter: Counter, running: Running) -> None:
    detail = {"code": 429, "body": {"why": "busy"}, "headers": {"Retry-After": "3"}}
    counter.glitches.add(Glitch("status", "/th*", times=1, skip=1, detail=detail))
    answers = [httpx.get(f"{running.url}/thing") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert answers[1].headers["Retry-After"] == "3"
    assert answers[1].json() == {"why": "busy"}
    assert counter.glitches.requests == [("GET", "/thing")] * 3


def test_a_reset_gives_no_answer_and_does_nothing(counter: Counter, running: Running) -> None:
    counter.glitches.add(Glitch("reset"))
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{running.url}/thing")
    assert counter.calls == 0
    assert httpx.get(f"{running.url}/thing").status_code == 200


def test_a_late_reset_acts_first(counter: Counter, running: Running) -> None:
    counter.glitches.add(Glitch("reset_after", "POST /thing"))
    assert httpx.get(f"{running.url}/thing").status_code == 200
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{running.url}/thing")
    assert counter.calls == 2


def test_a_request_delivered_twice_acts_twice_and_is_answered_once(counter: Counter, running: Running) -> None:
    counter.glitches.add(Glitch("twice", "POST /thing"))
    assert httpx.post(f"{running.url}/thing", content="said").text == "said 2"
    assert counter.calls == 2


def test_a_skew_moves_the_servers_clock(counter: Counter, running: Running) -> None:
    counter.glitches.add(Glitch("skew", detail={"seconds": -90.0}))
    assert httpx.get(f"{running.url}/thing").text == "fine"
    assert counter.shifted == timedelta(seconds=-90)


def test_slow_and_expired_tokens(counter: Counter, running: Running) -> None:
    counter.glitches.add(Glitch("slow", detail={"seconds": 0.2}))
    start = time.monotonic()
    assert httpx.get(f"{running.url}/thing").status_code == 200
    assert time.monotonic() - start >= 0.2
    counter.glitches.add(Glitch("expire_token"))
    assert httpx.get(f"{running.url}/thing").status_code == 200
    assert counter.forgotten == 1


def test_another_process_can_plan_a_glitch(running: Running) -> None:
    planned = {"kind": "status", "path_pattern": "/thing", "detail": {"code": 503}}
    assert httpx.post(f"{running.url}/_sandbox/glitches", json=planned).status_code == 204
    assert httpx.get(f"{running.url}/thing").status_code == 503


def test_planted_record_faults() -> None:
    planted = [
        Misbehaviour("netsuite", "omit_record", "item", {"id": "7"}),
        Misbehaviour("netsuite", "malformed_row", "item", {"id": "8", "field": "itemid", "value": 1}),
        Misbehaviour("netsuite", "new_column", "item", {"field": "custitem_x", "value": "a"}),
        Misbehaviour("netsuite", "missing_column", "item", {"field": "fullname"}),
        Misbehaviour("stripe", "omit_record", "item", {"id": "8"}),
    ]
    systems = Systems(date(2026, 1, 1), {}, {}, {}, misbehaviour=planted)
    tampering = Tampering(systems.misbehaviour, "netsuite")
    assert tampering.omits("item", "7")
    assert not tampering.omits("item", "8")
    assert tampering.alter("item", "8", {"itemid": "P", "fullname": "F"}) == {"itemid": 1, "custitem_x": "a"}
    assert tampering.alter("account", "8", {"fullname": "F"}) == {"fullname": "F"}
