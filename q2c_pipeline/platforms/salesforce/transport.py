"""What simple-salesforce lacks in its HTTP: timeouts, patience, counting, and a session that renews its own token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.exceptions import ChunkedEncodingError, ConnectionError, ContentDecodingError, Timeout  # noqa: A004

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.platforms.http import RETRYABLE_STATUS, RequestLog, RetryPolicy, retryable, retrying

TIMEOUT_SECONDS = (5.0, 120.0)
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_TRANSIENT = (ConnectionError, Timeout, ChunkedEncodingError, ContentDecodingError)


def loopback_target(url: str) -> str | None:
    """The host and port of a look-alike on this machine; None for https; any other clear-text address is refused.

    The library addresses everything as https, so a look-alike is reached by rewriting its requests.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        return None
    if parts.scheme != "http" or parts.hostname not in LOOPBACK_HOSTS:
        raise ConfigurationError(
            expected="an https address",
            found=f"{parts.scheme}://{parts.hostname}",
            where="url of a Salesforce instance",
            next_step="use https: clear text is allowed to a look-alike on this machine only",
        )
    return parts.netloc


class PatientAdapter(HTTPAdapter):
    """Sends each request with timeouts, repeats what may be repeated, and notes every attempt."""

    def __init__(self, log: RequestLog, policy: RetryPolicy, target: str | None) -> None:
        super().__init__()
        self._log, self._policy, self._target = log, policy, target

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """One request of the session, until it is answered or the attempts are used up."""
        asked = urlsplit(str(request.url))
        if self._target is not None:
            request.url = urlunsplit(("http", self._target, asked.path, asked.query, ""))
        where = f"{request.method} {asked.netloc}{asked.path}"
        return retrying(lambda: self._attempt(request, options), policy=self._policy, log=self._log, where=where)

    def _attempt(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        try:
            response = super().send(request, **options | {"timeout": TIMEOUT_SECONDS, "stream": False})
            body = response.content  # a connection lost in the middle of the body is a failed attempt too
        except _TRANSIENT as error:
            self._log.note(type(error).__name__)
            raise retryable(f"{type(error).__name__}: {error}") from error
        self._log.note(str(response.status_code), response.headers.get("X-SFDC-Request-Id"))
        if response.status_code in RETRYABLE_STATUS or _is_over_limit(response.status_code, body):
            raise retryable(f"HTTP {response.status_code}: {response.text[:200]}", response.headers)
        return response


def _is_over_limit(status: int, body: bytes) -> bool:
    """Too many calls at once, or today: the service sends no Retry-After and no 429 for either."""
    return status == requests.codes.forbidden and b"REQUEST_LIMIT_EXCEEDED" in body


class RenewedToken(AuthBase):
    """Authorises each request with the current token; a 401 fetches a new one and repeats that request once."""

    def __init__(self, login: Callable[[], str]) -> None:
        self._login = login
        self._token: str | None = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the token, and be asked about the answer."""
        if self._token is None:
            self._token = self._login()
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.hooks.setdefault("response", []).append(self._renewed)
        return request

    def _renewed(self, response: requests.Response, **options: Any) -> requests.Response:
        if response.status_code != requests.codes.unauthorized:
            return response
        self._token = self._login()
        again = response.request.copy()
        again.headers["Authorization"] = f"Bearer {self._token}"
        adapter: HTTPAdapter = response.connection
        return adapter.send(again, **options)


def plain_session(adapter: PatientAdapter) -> requests.Session:
    """A session that sends everything through `adapter` and takes nothing from the environment."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
