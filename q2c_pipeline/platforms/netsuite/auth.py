"""Two ways into NetSuite: OAuth 2.0 with a signed assertion, or token-based authentication that signs each request."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, cast

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256
from oauthlib.oauth1 import Client as Signer

from q2c_pipeline.errors import ConfigurationError, SourceError
from q2c_pipeline.platforms.extraction import Instance

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105  (a path)
TOKEN_BASED = ("account", "consumer_key", "consumer_secret", "token_id", "token_secret")
MACHINE_TO_MACHINE = ("client_id", "certificate_id", "private_key")
_LIFETIME_SECONDS = 600


class TokenBased(httpx.Auth):
    """Signs each request anew with HMAC-SHA256 (OAuth 1.0a)."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._signer = Signer(
            credentials["consumer_key"],
            client_secret=credentials["consumer_secret"],
            resource_owner_key=credentials["token_id"],
            resource_owner_secret=credentials["token_secret"],
            signature_method=SIGNATURE_HMAC_SHA256,
            realm=credentials["account"],
        )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the signature of this very request."""
        _, headers, _ = self._signer.sign(str(request.url), http_method=cast("Any", request.method))
        request.headers["Authorization"] = headers["Authorization"]
        yield request


class MachineToMachine(httpx.Auth):
    """Buys a bearer token with a signed assertion, and another one when the server has forgotten it."""

    requires_response_body = True

    def __init__(self, url: str, credentials: Mapping[str, str], clock: Callable[[], float] = time.time) -> None:
        self._token_url, self._credentials, self._clock = f"{url.rstrip('/')}{TOKEN_PATH}", credentials, clock
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with a living token."""
        used = self._token
        if used is None:
            used = self._keep((yield self._token_request()))
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            # Another thread may have renewed the token meanwhile; then that one is tried instead of buying one more.
            renewed = self._token if self._token != used else self._keep((yield self._token_request()))
            request.headers["Authorization"] = f"Bearer {renewed}"
            yield request

    def _token_request(self) -> httpx.Request:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self._assertion(),
        }
        return httpx.Request("POST", self._token_url, data=form)

    def _assertion(self) -> str:
        key, now = self._credentials["private_key"], int(self._clock())
        claims: dict[str, Any] = {
            "iss": self._credentials["client_id"],
            "scope": ["rest_webservices"],
            "aud": self._token_url,
            "iat": now,
            "exp": now + _LIFETIME_SECONDS,
        }
        return jwt.encode(claims, key, _algorithm(key, self._token_url), headers={"kid": self._credentials["certificate_id"]})

    def _keep(self, response: httpx.Response) -> str:
        if response.status_code != httpx.codes.OK:
            raise SourceError(
                expected="an access token",
                found=f"HTTP {response.status_code}: {response.text[:200]}",
                where=f"POST {self._token_url}",
                next_step="check client_id, certificate_id and that the certificate is mapped in this environment",
            )
        token = str(response.json()["access_token"])
        self._token = token
        return token


def _algorithm(private_key: str, where: str) -> str:
    """ES256 for an elliptic-curve key, PS256 for an RSA key; NetSuite takes no other kinds."""
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except ValueError as error:
        raise ConfigurationError(
            expected="an unencrypted private key in PEM form",
            found="text that is none",
            where=where,
            next_step="refer to the key file, e.g. private_key = 'file:keys/netsuite.pem'",
        ) from error
    return "ES256" if isinstance(key, EllipticCurvePrivateKey) else "PS256"


def authentication(instance: Instance) -> httpx.Auth:
    """The way in that the instance's credentials allow; raises ConfigurationError when they allow none."""
    given = instance.credentials
    if all(given.get(name) for name in MACHINE_TO_MACHINE):
        return MachineToMachine(instance.url, given)
    if all(given.get(name) for name in TOKEN_BASED):
        return TokenBased(given)
    raise ConfigurationError(
        expected=f"credentials {', '.join(MACHINE_TO_MACHINE)} (OAuth 2.0) or {', '.join(TOKEN_BASED)} (token-based)",
        found=", ".join(sorted(given)) or "none",
        where=f"instances.{instance.name}.credentials",
        next_step="add the missing keys as references such as env:NAME",
    )
