"""What a look-alike does wrong on demand: transport glitches by request, and planted faults of its records."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from q2c_pipeline.sandbox.servers.serving import ABORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from q2c_pipeline.sandbox.systems import Misbehaviour, Record

GLITCH_PATH = "/_sandbox/glitches"
Kind = Literal["status", "reset", "reset_after", "slow", "expire_token", "twice", "skew"]


@dataclass
class Glitch:
    """One planned failure: the next `times` matching requests, after the first `skip`, go wrong.

    `path_pattern` is a shell-style pattern for the path or for "METHOD path". Details: status takes `code`, `body`,
    `headers`; slow takes `seconds`; skew takes `seconds` by which the server's clock jumps; the others none. `reset` breaks the
    connection before the server has acted, `reset_after` once it has (the answer is lost); `twice` delivers the request twice and
    answers the second time.
    """

    kind: Kind
    path_pattern: str = "*"
    times: int = 1
    skip: int = 0
    detail: dict[str, Any] = field(default_factory=dict)

    def matches(self, method: str, path: str) -> bool:
        """Tell whether the request is one that this glitch counts."""
        return fnmatchcase(path, self.path_pattern) or fnmatchcase(f"{method} {path}", self.path_pattern)

    def strikes(self) -> bool:
        """Count one matching request and tell whether it goes wrong."""
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return self.times >= 0


class Glitches:
    """The mutable plan of one look-alike, failures still to come, and the log of requests it has seen."""

    def __init__(
        self, forget_tokens: Callable[[], None] = lambda: None, shift_clock: Callable[[timedelta], None] = lambda _by: None
    ) -> None:
        self.requests: list[tuple[str, str]] = []
        self.plan: list[Glitch] = []
        self._forget_tokens, self._shift_clock = forget_tokens, shift_clock

    def install(self, app: Starlette) -> None:
        """Put the plan in front of `app`; found again as `app.state.glitches`."""
        app.state.glitches = self
        app.add_middleware(_GlitchMiddleware, plan=self)

    def add(self, glitch: Glitch) -> None:
        """Plan one more failure."""
        self.plan.append(glitch)

    def next_for(self, method: str, path: str) -> Glitch | None:
        """Count a request and give the glitch that strikes it."""
        self.requests.append((method, path))
        striking = [glitch for glitch in self.plan if glitch.matches(method, path) and glitch.strikes()]
        self.plan = [glitch for glitch in self.plan if glitch.times > 0]
        return striking[0] if striking else None

    def expire_tokens(self) -> None:
        """Make the server forget every token that it has issued."""
        self._forget_tokens()

    def skew(self, seconds: float) -> None:
        """Let the server's clock jump."""
        self._shift_clock(timedelta(seconds=seconds))


class _GlitchMiddleware:
    def __init__(self, app: ASGIApp, plan: Glitches) -> None:
        self.app, self.plan = app, plan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] == GLITCH_PATH:
            await self._plan_by_json(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _plan_by_json(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.plan.add(Glitch(**await Request(scope, receive).json()))
        await Response(status_code=204)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        glitch = self.plan.next_for(scope["method"], scope["path"])
        match glitch.kind if glitch else None:
            case "status" if glitch:
                await _status(glitch.detail)(scope, receive, send)
                return
            case "reset":
                await _break_connection(scope)
                return
            case "reset_after":
                await self.app(scope, receive, _swallow)
                await _break_connection(scope)
                return
            case "slow" if glitch:
                await asyncio.sleep(glitch.detail.get("seconds", 1.0))
            case "expire_token":
                self.plan.expire_tokens()
            case "skew" if glitch:
                self.plan.skew(glitch.detail.get("seconds", 3600.0))
            case "twice":
                body = await Request(scope, receive).body()
                await self.app(scope, _once(body), _swallow)
                await self.app(scope, _once(body), send)
                return
        await self.app(scope, receive, send)


def _status(detail: dict[str, Any]) -> Response:
    body, code, headers = detail.get("body", ""), detail["code"], detail.get("headers")
    if isinstance(body, str):
        return Response(body, status_code=code, headers=headers)
    return JSONResponse(body, status_code=code, headers=headers)


async def _swallow(_message: Message) -> None:
    """Take an answer and keep it from the client."""


def _once(body: bytes) -> Receive:
    """The body of a request, to be read by the app as if it came from the line."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _break_connection(scope: Scope) -> None:
    abort = scope.get("extensions", {}).get(ABORT)
    if abort is None:
        raise ConnectionResetError
    abort()
    # The server notices the lost connection two turns of the loop later; until then it would answer 500.
    await asyncio.sleep(0.01)


class Tampering:
    """The faults planted in one platform's records, applied when a record is rendered.

    A detail without `id` concerns every record of the object.
    """

    def __init__(self, misbehaviours: Iterable[Misbehaviour], platform: str) -> None:
        self.planted = [one for one in misbehaviours if one.platform == platform]

    def omits(self, object_name: str, record_id: str) -> bool:
        """Tell whether lists leave the record out although counts include it."""
        return any(one.kind == "omit_record" for one in self._concerning(object_name, record_id))

    def alter(self, object_name: str, record_id: str, record: Record) -> Record:
        """Give the record as the misbehaving system would show it; the same object when nothing is planted."""
        for one in self._concerning(object_name, record_id):
            if one.kind in {"malformed_row", "unknown_enum", "new_column"}:
                record = {**record, one.detail["field"]: one.detail.get("value")}
            elif one.kind == "missing_column":
                record = {name: value for name, value in record.items() if name != one.detail["field"]}
        return record

    def fields(self, object_name: str, kind: str) -> frozenset[str]:
        """Names of the fields of an object that faults of one kind concern."""
        mine = (one for one in self.planted if one.kind == kind and one.object_name in {None, object_name})
        return frozenset(one.detail["field"] for one in mine)

    def _concerning(self, object_name: str, record_id: str) -> Iterable[Misbehaviour]:
        return (
            one for one in self.planted if one.object_name in {None, object_name} and one.detail.get("id") in {None, record_id}
        )
