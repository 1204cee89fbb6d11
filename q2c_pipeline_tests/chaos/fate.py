"""What goes wrong, drawn from a seed: on the line, in the store, in the process, and with the clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
from sqlalchemy.exc import OperationalError

from q2c_pipeline_tests.sandbox.in_process import InProcess

START = datetime(2026, 1, 31, 23, 0, tzinfo=UTC)
LINE = (
    *("refused", "reset_before", "reset_after", "twice", "late_again"),
    *("busy", "storm", "unavailable", "error_after", "token_expired", "skew"),
    *("killed_before", "killed_after", "other_before", "other_after"),
)
"""What may become of a request."""
STORE = ("locked", "restarted", "killed_before_commit", "killed_after_commit")
"""What may become of a transaction: `restarted` cuts the connection before the commit, or after one that took effect."""


class KilledError(BaseException):
    """The process ends here; nothing may catch it, and nothing after it happens."""


class Clock:
    """A clock that only moves when somebody looks or waits; every pusher may be wrong by an offset of its own."""

    def __init__(self) -> None:
        self.now = START

    def reading(self, skew: timedelta = timedelta()) -> Callable[[], datetime]:
        """How one pusher sees the time."""

        def look() -> datetime:
            self.now += timedelta(milliseconds=1)
            return self.now + skew

        return look

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += timedelta(seconds=seconds)


class Fate:
    """Decides, by the seed, what goes wrong next, and writes it down; `rate` 0 is calm weather."""

    def __init__(self, dice: Random, rate: float, store_kinds: tuple[str, ...] = STORE) -> None:
        self.dice, self.rate, self._store_kinds = dice, rate, store_kinds
        self.history: list[str] = []
        self.down = ""
        self.meanwhile: Callable[[], None] = lambda: None
        self.cut_connections: Callable[[], None] | None = None
        self._is_nested, self._storm = False, 0

    def draw(self, kinds: tuple[str, ...], where: str) -> str:
        """What strikes here; an empty text for nothing."""
        if self._storm:
            self._storm -= 1
            return "busy" if kinds is LINE else ""
        # A push makes several times more transactions than requests: without weights hardly any would get as far as the line.
        if self.dice.random() >= self.rate * (3 if kinds is LINE else 0.5):
            return ""
        kind = self.dice.choice(kinds)
        if kind == "storm":
            self._storm = self.dice.randint(3, 12)
            kind = "busy"
        if kind.startswith("other") and self._is_nested:
            return ""
        self.history.append(f"{kind} at {where}")
        return kind

    def calm(self) -> None:
        """From now on nothing goes wrong."""
        self.rate, self._storm, self.down = 0.0, 0, ""

    def let_others_work(self) -> None:
        """Others do something whole while one pusher waits for an answer; if one of them dies, that is its own affair."""
        self._is_nested = True
        try:
            self.meanwhile()
        except (KilledError, OperationalError) as end:
            self.history.append(f"the other ended: {type(end).__name__}")
        finally:
            self._is_nested = False

    @contextmanager
    def around(self, transaction: Callable[..., Any], *args: Any) -> Iterator[Any]:
        """A transaction of the state store that may meet a locked or restarted database, or the end of its process."""
        kind = self.draw(self._store_kinds, "a transaction")
        if kind == "locked":
            raise OperationalError("begin immediate", {}, Exception("database is locked"))
        with transaction(*args) as inside:
            yield inside
            if kind == "killed_before_commit":
                raise KilledError
            if kind == "restarted" and self.cut_connections:
                self.cut_connections()
        if kind == "killed_after_commit":
            raise KilledError
        if kind == "restarted" and not self.cut_connections:
            raise OperationalError("commit", {}, Exception("server closed the connection unexpectedly"))


class Line(httpx.BaseTransport):
    """The way to one system, on which requests and answers may be lost, repeated or refused."""

    def __init__(self, name: str, inner: InProcess, fate: Fate) -> None:
        self._name, self.inner, self._fate = name, inner, fate
        self._late: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request and what becomes of it."""
        if self._fate.down == self._name:
            self._fate.history.append(f"down at {self._name}")
            raise httpx.ConnectError("Connection refused", request=request)
        kind = self._fate.draw(LINE, f"{request.method} {request.url.path}")
        self._before(kind, request)
        refused = self._refused(kind, request)
        if refused is not None:
            return refused
        answer = self._delivered(kind, request)
        return self._after(kind, request, answer)

    def deliver_late(self) -> None:
        """What a network had kept comes out at last: the same bytes once more."""
        for request in self._late:
            self.inner.handle_request(request)
        self._late.clear()

    def close(self) -> None:
        """The line outlives its clients."""

    def _before(self, kind: str, request: httpx.Request) -> None:
        glitches = self.inner.app.state.glitches
        if kind == "killed_before":
            raise KilledError
        if kind == "refused":
            raise httpx.ConnectError("Connection refused", request=request)
        if kind == "reset_before":
            raise httpx.ReadError("Connection reset by peer", request=request)
        if kind == "token_expired":
            glitches.expire_tokens()
        if kind == "skew":
            glitches.skew(self._fate.dice.choice([-7200, -60, 60, 7200]))
        if kind == "other_before":
            self._fate.let_others_work()

    def _refused(self, kind: str, request: httpx.Request) -> httpx.Response | None:
        is_write = request.method != "GET" and "oauth" not in request.url.path and "suiteql" not in request.url.path
        after = {"Retry-After": str(self._fate.dice.randint(1, 90))} if is_write else {}
        if kind == "busy":
            return httpx.Response(429, headers=after if self._fate.dice.random() < 0.5 else {}, request=request)
        if kind == "unavailable":
            return httpx.Response(503, headers=after, request=request)
        return None

    def _delivered(self, kind: str, request: httpx.Request) -> httpx.Response:
        if kind == "twice":
            first = self.inner.handle_request(request)
            second = self.inner.handle_request(request)
            return self._fate.dice.choice([first, second])
        if kind == "late_again" and request.method == "POST" and "oauth" not in request.url.path:
            self._late.append(request)
        return self.inner.handle_request(request)

    def _after(self, kind: str, request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if kind == "killed_after":
            raise KilledError
        if kind == "reset_after":
            raise httpx.ReadError("Connection reset by peer", request=request)
        if kind == "error_after":
            return httpx.Response(500, text="Internal Server Error", request=request)
        if kind == "other_after":
            self._fate.let_others_work()
        return answer
