"""HTTP with manners for every connector: bounded concurrency, backoff with jitter, Retry-After, every request counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from q2c_pipeline.errors import SourceError, SourceUnavailableError
from q2c_pipeline.platforms.concurrency import as_they_come, in_order

RETRYABLE_STATUS = frozenset({408, 420, 425, 429, 500, 502, 503, 504})
T = TypeVar("T")
R = TypeVar("R")


@dataclass
class RequestLog:
    """How many requests were sent and how they ended, and whether more may be; shared by the threads of one connector."""

    statuses: Counter[str] = field(default_factory=Counter)
    request_ids: list[str] = field(default_factory=list)
    retries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    def end(self) -> None:
        """Let no further request be sent; whoever pauses before a repeat wakes up."""
        self._ended.set()

    @property
    def is_ended(self) -> bool:
        """Whether no further request may be sent."""
        return self._ended.is_set()

    def require_open(self) -> None:
        """Raise SourceError once the reading was ended from outside."""
        if self._ended.is_set():
            raise SourceError(
                expected="a reading that goes on",
                found="one that was broken off",
                where="next request",
                next_step="run again: what was not landed is read again",
            )

    def pause(self, seconds: float) -> None:
        """Wait, unless the reading is ended meanwhile."""
        self._ended.wait(seconds)

    def note(self, outcome: str, request_id: str | None = None) -> None:
        """Count one request by its status (or the kind of failure)."""
        with self._lock:
            self.statuses[outcome] += 1
            if request_id:
                self.request_ids.append(request_id)

    def note_retry(self) -> None:
        """Count one repeat."""
        with self._lock:
            self.retries += 1

    @property
    def total(self) -> int:
        """Requests sent so far, repeats included."""
        return sum(self.statuses.values())


@dataclass(frozen=True)
class RetryPolicy:
    """How patient a connector is: attempts in all, first and longest pause in seconds."""

    attempts: int = 6
    first_pause: float = 0.5
    longest_pause: float = 30.0


class _RetryableError(Exception):
    """One failed attempt that may be repeated."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def retry_after_seconds(headers: Mapping[str, str], server_date: str | None = None) -> float | None:
    """The Retry-After header in seconds: a number, or an HTTP date held against the answer's own Date header."""
    value = headers.get("Retry-After") or headers.get("retry-after")
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    sent = server_date or headers.get("Date") or headers.get("date")
    try:
        return max(0.0, (parsedate_to_datetime(value) - parsedate_to_datetime(sent or "")).total_seconds())
    except (ValueError, TypeError):
        return None


def retrying(call: Callable[[], T], *, policy: RetryPolicy, log: RequestLog, where: str) -> T:
    """Repeat `call` while it fails retryably; the pause is random up to a doubling bound, never shorter than Retry-After.

    Raises SourceUnavailableError when the attempts are used up.
    """
    jitter = wait_random_exponential(multiplier=policy.first_pause, max=policy.longest_pause)

    def pause(state: RetryCallState) -> float:
        log.note_retry()
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, _RetryableError) else None
        return max(jitter(state), asked or 0.0)

    runner = Retrying(
        stop=stop_after_attempt(policy.attempts),
        wait=pause,
        sleep=log.pause,
        retry=retry_if_exception(lambda error: isinstance(error, _RetryableError)),
        reraise=True,
    )

    def attempt() -> T:
        log.require_open()
        return call()

    try:
        return runner(attempt)
    except _RetryableError as error:
        raise SourceUnavailableError(
            expected=f"an answer within {policy.attempts} attempts",
            found=str(error),
            where=where,
            next_step="check that the host is reachable and within its limits; the next run resumes where this one stopped",
        ) from error


def retryable(reason: str, headers: Mapping[str, str] | None = None) -> Exception:
    """The exception that `retrying` repeats; for connectors whose library does its own HTTP."""
    return _RetryableError(reason, retry_after_seconds(headers or {}))


class HttpSession:
    """An httpx client with retries; `authorize` gives the headers of each request and is asked again after a 401."""

    def __init__(
        self,
        base_url: str,
        *,
        log: RequestLog,
        authorize: Callable[[bool], Mapping[str, str]],
        policy: RetryPolicy | None = None,
        concurrency: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url, self.log, self.concurrency = base_url.rstrip("/"), log, concurrency
        self._policy, self._authorize = policy or RetryPolicy(), authorize
        self._gate = threading.BoundedSemaphore(concurrency)
        self._client = httpx.Client(
            timeout=httpx.Timeout(120.0, connect=5.0),
            limits=httpx.Limits(max_connections=concurrency),
            trust_env=False,
            transport=transport,
        )

    def request(self, method: str, path: str, **options: object) -> httpx.Response:
        """Send one request; answers below 400 return, 401 renews the credential once, other errors raise SourceError.

        `options` are those of `httpx.Client.request` (params, data, json, headers).
        """
        url = path if path.startswith("http") else f"{self.base_url}{path}"
        where = f"{method} {url.split('?', 1)[0]}"
        response = retrying(
            lambda: self._attempt(method, url, renew=False, **options), policy=self._policy, log=self.log, where=where
        )
        if response.status_code == httpx.codes.UNAUTHORIZED:
            response = retrying(
                lambda: self._attempt(method, url, renew=True, **options), policy=self._policy, log=self.log, where=where
            )
        if response.status_code >= httpx.codes.BAD_REQUEST:
            raise refused(response, where)
        return response

    def once(self, method: str, path: str, **options: object) -> httpx.Response:
        """Send one request a single time and give whatever is answered; raises httpx.TransportError when nothing is.

        Only a 401 is tried again, with a renewed credential: a server that does not know the caller has not acted.
        """
        response = self._sent(method, f"{self.base_url}{path}", renew=False, **options)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            response = self._sent(method, f"{self.base_url}{path}", renew=True, **options)
        return response

    def _sent(self, method: str, url: str, *, renew: bool, **options: object) -> httpx.Response:
        given = options.get("headers")
        headers = {**self._authorize(renew), **(given if isinstance(given, dict) else {})}
        rest = {name: value for name, value in options.items() if name != "headers"}
        try:
            with self._gate:
                response = self._client.request(method, url, headers=headers, **rest)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            self.log.note(type(error).__name__)
            raise
        self.log.note(str(response.status_code), response.headers.get("Request-Id"))
        return response

    def _attempt(self, method: str, url: str, *, renew: bool, **options: object) -> httpx.Response:
        try:
            response = self._sent(method, url, renew=renew, **options)
        except httpx.TransportError as error:
            raise _RetryableError(f"{type(error).__name__}: {error}") from error
        if response.status_code in RETRYABLE_STATUS:
            raise _RetryableError(f"HTTP {response.status_code}: {response.text[:200]}", retry_after_seconds(response.headers))
        return response

    def map_concurrently(self, call: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """`call` on every item by at most `concurrency` threads, results in the order of the items."""
        return in_order(call, items, self.concurrency)

    def stream_concurrently(self, call: Callable[[T], Iterable[R]], items: Iterable[T]) -> Iterator[R]:
        """What `call` yields for every item, by at most `concurrency` threads, as it comes."""
        return as_they_come(call, items, self.concurrency)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def refused(response: httpx.Response, where: str) -> SourceError:
    """The error for an answer that a repeat will not cure, with the vendor's own words."""
    hints = {
        401: "check the credential and that it is of this environment",
        403: "give the integration user read permission on this object",
        404: "check the url and the object's name",
    }
    return SourceError(
        expected="a successful answer",
        found=f"HTTP {response.status_code}: {response.text[:300]}",
        where=where,
        next_step=hints.get(response.status_code, "read the vendor's reason; correct fields.toml or the instance's settings"),
    )
