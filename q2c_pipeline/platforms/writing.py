"""What every pusher shares: one write sent at most once, and the verdict on whatever came back, or did not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from q2c_pipeline.domain.repairs import Call, IsOurs, Order, Outcome, Verdict, always
from q2c_pipeline.errors import ContractError, Q2CError
from q2c_pipeline.landing.flatten import loads_exact
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import HttpSession, RequestLog, RetryPolicy, retry_after_seconds

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Failures before the first byte of a request left this machine."""
BUSY = frozenset({408, 420, 425, 429})
"""The vendor did not take the request at all; it may be sent again later."""
UNAUTHORISED = frozenset({401, 403})
_SHORTEST_SECRET = 6
_LONGEST_DETAIL = 500
_NUMBER = re.compile(r'"\\u0000([^"]*)"')


@dataclass(frozen=True)
class Problem:
    """Why a call had no effect, or may have had one; the facts of an outcome without its order."""

    verdict: Verdict
    detail: str
    retry_after: float | None = None
    request_id: str | None = None
    code: str = ""

    def outcome(self, order: Order) -> Outcome:
        """The same as the outcome of an order."""
        return Outcome(
            order.correction_id, self.verdict, detail=self.detail, retry_after=self.retry_after, request_id=self.request_id
        )


@dataclass(frozen=True)
class Reason:
    """What a vendor's error body says: its own code and words, and the verdict where the code alone decides it."""

    code: str
    words: str
    verdict: Verdict | None = None

    def __str__(self) -> str:
        """CODE: words."""
        return f"{self.code}: {self.words}" if self.code else self.words


class WriteSession:
    """One system reached with credentials that may write: reads are repeated patiently, a write is sent once."""

    def __init__(
        self,
        instance: Instance,
        *,
        authorize: Callable[[bool], Mapping[str, str]] = lambda _renew: {},
        auth: httpx.Auth | None = None,
        policy: RetryPolicy | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.log = RequestLog()
        self._http = HttpSession(instance.url, log=self.log, authorize=authorize, policy=policy, transport=transport)
        self._auth, self._url = auth, instance.url.rstrip("/")
        self._secrets = [value for value in instance.credentials.values() if len(value) >= _SHORTEST_SECRET]
        self._is_ours: IsOurs = always

    @contextmanager
    def guarded(self, is_ours: IsOurs) -> Iterator[None]:
        """While this lasts nothing is written once somebody else has taken over."""
        self._is_ours = is_ours
        try:
            yield
        finally:
            self._is_ours = always

    def read(self, path: str, **options: object) -> Any:
        """The JSON of an answer, numbers as they were sent; raises SourceError."""
        return loads_exact(self._http.request("GET", path, auth=self._auth, **options).content)

    def read_text(self, path: str) -> str:
        """The text of an answer; raises SourceError."""
        return self._http.request("GET", path, auth=self._auth).text

    def find(self, path: str, **options: object) -> Any:
        """The same, or None where the vendor knows no such record."""
        try:
            return self.read(path, **options)
        except Q2CError as error:
            if error.found.startswith("HTTP 404"):
                return None
            raise

    def ask(self, path: str, body: Mapping[str, Any], **options: object) -> Any:
        """The JSON answer to a question that is asked by POST and changes nothing."""
        return loads_exact(self._http.request("POST", path, auth=self._auth, json=body, **options).content)

    def write(
        self, call: Call, headers: Mapping[str, str], explain: Callable[[httpx.Response], Reason]
    ) -> httpx.Response | Problem:
        """Send the call once; an answer below 400 is given back, everything else is told as a problem."""
        if call.method != "GET" and not self._is_ours():
            return Problem(Verdict.FAILED, "not sent: this pusher was held up, and another one has taken over")
        try:
            response = self._http.once(
                call.method, call.path, auth=self._auth, content=call.body.encode() or None, headers=dict(headers)
            )
        except httpx.TransportError as error:
            return Problem(*self._unanswered(error, call))
        except Q2CError as error:
            return self.not_sent(error)
        if response.status_code < httpx.codes.BAD_REQUEST:
            return response
        reason = explain(response)
        return Problem(
            reason.verdict or verdict_of(response.status_code, response.headers),
            self.masked(f"HTTP {response.status_code} {reason}"),
            retry_after_seconds(response.headers),
            request_id(response),
            reason.code,
        )

    def not_sent(self, error: Q2CError) -> Problem:
        """A failure of what comes before the write: login or a look at the record failed, or the order cannot be expressed."""
        verdict = Verdict.REJECTED if isinstance(error, ContractError) else Verdict.FAILED
        return Problem(verdict, self.masked(f"not sent: {error}"))

    def masked(self, text: str) -> str:
        """The text without any of the credentials, should a vendor quote one."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text[:_LONGEST_DETAIL]

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _unanswered(self, error: httpx.TransportError, call: Call) -> tuple[Verdict, str]:
        """A write that was on its way may have taken effect; a connection that never stood, or a lost login, has not."""
        says = self.masked(f"{type(error).__name__}: {error}")
        asked = error.request.url.raw_path.decode() if _has_request(error) else call.path
        if isinstance(error, NEVER_SENT) or asked != call.path:
            return Verdict.FAILED, f"not sent: {says}"
        return Verdict.UNKNOWN, f"no answer: {says}"


def _has_request(error: httpx.TransportError) -> bool:
    try:
        return error.request is not None
    except RuntimeError:
        return False


def verdict_of(status: int, headers: Mapping[str, str]) -> Verdict:
    """What an error status means for a write: busy and refused callers had no effect, other 5xx may have had one.

    429 -> failed, 503 with Retry-After -> failed, 500 -> unknown, 400 -> rejected.
    """
    if status in BUSY or status in UNAUTHORISED:
        return Verdict.FAILED
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Verdict.FAILED if retry_after_seconds(headers) is not None else Verdict.UNKNOWN
    return Verdict.REJECTED


def request_id(response: httpx.Response) -> str | None:
    """The vendor's own number of a request, for its support."""
    found = (response.headers.get(name) for name in ("Request-Id", "X-SFDC-Request-Id", "X-N-OperationId"))
    return next((one for one in found if one), None)


def done(
    order: Order,
    detail: str = "",
    *,
    external_id: str | None = None,
    version_after: str | None = None,
    request_id: str | None = None,
) -> Outcome:
    """The outcome of an order that took effect."""
    return Outcome(order.correction_id, Verdict.DONE, external_id, version_after, detail, request_id=request_id)


def changed(order: Order, detail: str) -> Outcome:
    """The outcome of an order whose evidence no longer holds."""
    return Outcome(order.correction_id, Verdict.CHANGED, detail=detail)


def unsupported(order: Order, takes: Iterable[str]) -> Outcome:
    """The outcome of an order that this kind of system has no call for."""
    detail = f"not sent: this system takes {', '.join(takes)}, not {order.action}"
    return Outcome(order.correction_id, Verdict.REJECTED, detail=detail)


def exact_json(value: Any) -> str:
    """JSON text in which a Decimal is a number with all its digits: {"debit": Decimal("119.00")} -> {"debit":119.00}."""
    text = json.dumps(value, default=lambda one: f"\0{one:f}" if isinstance(one, Decimal) else None, separators=(",", ":"))
    return _NUMBER.sub(r"\1", text)
