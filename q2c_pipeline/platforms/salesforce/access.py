"""A bearer token for httpx: client credentials or a signed assertion, renewed when the org has forgotten it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping

import httpx
import jwt

from q2c_pipeline.errors import ConfigurationError, SourceError
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.salesforce.transport import loopback_target

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  (a path)
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SIGNED = ("consumer_key", "username", "private_key")
_SHARED = ("consumer_key", "consumer_secret")
_LIFETIME_SECONDS = 170


class OrgToken(httpx.Auth):
    """Authorises each request with the current token; a 401 buys another one and repeats that request once."""

    requires_response_body = True

    def __init__(self, instance: Instance, clock: Callable[[], float] = time.time) -> None:
        loopback_target(instance.url)
        self._url, self._given, self._clock = f"{instance.url.rstrip('/')}{TOKEN_PATH}", instance.credentials, clock
        self._audience = f"https://{instance.conventions.get('login_host', 'login')}.salesforce.com"
        self._is_signed = all(self._given.get(name) for name in _SIGNED)
        self._token: str | None = None
        if not self._is_signed and not all(self._given.get(name) for name in _SHARED):
            raise _incomplete(instance)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with a living token."""
        if self._token is None:
            self._token = _token_in((yield self._token_request()), self._url)
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._token = _token_in((yield self._token_request()), self._url)
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _token_request(self) -> httpx.Request:
        return httpx.Request("POST", self._url, data=self._assertion() if self._is_signed else self._secret())

    def _secret(self) -> Mapping[str, str]:
        client = {"client_id": self._given["consumer_key"], "client_secret": self._given["consumer_secret"]}
        return {"grant_type": "client_credentials", **client}

    def _assertion(self) -> Mapping[str, str]:
        claims = {
            "iss": self._given["consumer_key"],
            "sub": self._given["username"],
            "aud": self._audience,
            "exp": int(self._clock()) + _LIFETIME_SECONDS,
        }
        return {"grant_type": JWT_BEARER, "assertion": jwt.encode(claims, self._given["private_key"], "RS256")}


def _token_in(response: httpx.Response, where: str) -> str:
    if response.status_code != httpx.codes.OK:
        raise SourceError(
            expected="an access token",
            found=f"HTTP {response.status_code}: {response.text[:200]}",
            where=f"POST {where}",
            next_step="check the credentials, and that the connected app allows this grant for its user",
        )
    return str(response.json()["access_token"])


def _incomplete(instance: Instance) -> ConfigurationError:
    return ConfigurationError(
        expected=f"credentials {', '.join(_SHARED)}, or {', '.join(_SIGNED)}",
        found=", ".join(sorted(instance.credentials)) or "none",
        where=f"write_credentials of {instance.name}",
        next_step="add the missing ones to q2c.toml as env: or file: references",
    )
