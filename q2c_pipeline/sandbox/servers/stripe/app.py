"""The look-alike of Stripe's HTTP API: authentication, versions, idempotency and the table of routes."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from q2c_pipeline.sandbox.servers.misbehave import Glitches, Tampering
from q2c_pipeline.sandbox.servers.stripe import forms
from q2c_pipeline.sandbox.servers.stripe.calls import API_VERSION, Call
from q2c_pipeline.sandbox.servers.stripe.objects import Renderer
from q2c_pipeline.sandbox.servers.stripe.problems import ApiError, invalid
from q2c_pipeline.sandbox.servers.stripe.routes import Endpoint, endpoints
from q2c_pipeline.sandbox.servers.stripe.store import Store

if TYPE_CHECKING:
    from starlette.requests import Request

    from q2c_pipeline.sandbox.servers.stripe.forms import Params
    from q2c_pipeline.sandbox.systems import Record, Systems

_MAX_KEY_LENGTH = 255


def create_app(systems: Systems, *, api_key: str, write_key: str | None = None, glitches: Glitches | None = None) -> Starlette:
    """Serve `systems.stripe`; with a `write_key`, the `api_key` may only read."""
    server = _Server(systems, api_key, write_key)
    routes = [Route(path, server.answer(endpoint), methods=[method]) for (method, path), endpoint in endpoints().items()]
    app = Starlette(routes=[*routes, Route("/{path:path}", server.lost, methods=["GET", "POST", "DELETE"])])
    app.state.store = server.store
    (glitches or Glitches(shift_clock=server.store.shift)).install(app)
    return app


@dataclass(frozen=True)
class _Kept:
    """The outcome of a write under an idempotency key."""

    asked: tuple[str, str, str]
    status: int
    body: bytes


@dataclass
class _Server:
    systems: Systems
    api_key: str
    write_key: str | None
    store: Store = field(init=False)
    renderer: Renderer = field(init=False)
    outcomes: dict[str, _Kept] = field(default_factory=dict)
    requests: int = 0

    def __post_init__(self) -> None:
        self.store = Store(self.systems)
        self.renderer = Renderer(self.store, Tampering(self.systems.misbehaviour, "stripe"))

    def answer(self, endpoint: Endpoint) -> Any:
        """The Starlette handler of an endpoint."""

        async def handler(request: Request) -> Response:
            body = (await request.body()).decode()
            return self._respond(request, lambda request_id: self._perform(endpoint, request, body, request_id))

        return handler

    async def lost(self, request: Request) -> Response:
        """Refuse an address that does not exist."""

        def refuse(_request_id: str) -> Response:
            self._authenticate(request)
            raise ApiError(404, f"Unrecognized request URL ({request.method}: {request.url.path}).")

        return self._respond(request, refuse)

    def _respond(self, request: Request, perform: Any) -> Response:
        self.requests += 1
        request_id = f"req_{self.requests:014d}"
        try:
            response: Response = perform(request_id)
        except ApiError as error:
            response = _json(error.status, _encode(error.body()))
        response.headers["Request-Id"] = request_id
        response.headers["Stripe-Version"] = request.headers.get("stripe-version", API_VERSION)
        return response

    def _perform(self, endpoint: Endpoint, request: Request, body: str, request_id: str) -> Response:
        self._authenticate(request)
        _check_version(request)
        key = _idempotency_key(request)
        asked = (request.method, request.url.path, body)
        if key in self.outcomes:
            return _replay(self.outcomes[key], asked)
        params = forms.decode(request.url.query) | forms.decode(body)
        status, answer = 200, self._run(endpoint, request, params, request_id, key)
        encoded = _encode(answer)
        if key is not None:
            self.outcomes[key] = _Kept(asked, status, encoded)
        return _json(status, encoded)

    def _run(self, endpoint: Endpoint, request: Request, params: Params, request_id: str, key: str | None) -> Record:
        expand = params.pop("expand", [])
        paths = list(expand) if isinstance(expand, list) else [str(expand)]
        call = Call(self.store, self.renderer, params, dict(request.path_params), request_id, key)
        return self.renderer.expand(endpoint(call), paths)

    def _authenticate(self, request: Request) -> None:
        key = _presented_key(request)
        if key not in {self.api_key, self.write_key} or key is None:
            raise ApiError(401, "Invalid API Key provided." if key else "You did not provide an API key.")
        if request.method != "GET" and self.write_key is not None and key != self.write_key:
            raise ApiError(403, "The provided key does not have the required permissions for this endpoint.")


def _presented_key(request: Request) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _check_version(request: Request) -> None:
    version = request.headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        invalid(f"Invalid Stripe API version: {version}")


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    if key is not None and len(key) > _MAX_KEY_LENGTH:
        invalid(f"Idempotency keys can be at most {_MAX_KEY_LENGTH} characters long.")
    return key


def _replay(kept: _Kept, asked: tuple[str, str, str]) -> Response:
    if kept.asked != asked:
        message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        raise ApiError(400, message, kind="idempotency_error")
    response = _json(kept.status, kept.body)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _encode(answer: Record) -> bytes:
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()


def _json(status: int, body: bytes) -> Response:
    return Response(body, status_code=status, media_type="application/json")
