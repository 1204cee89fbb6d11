"""Who may call: OAuth client credentials and JWT bearer, tokens that expire, and the daily allowance of calls."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jwt

from q2c_pipeline.sandbox.servers.salesforce.problems import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ["https://login.salesforce.com", "https://test.salesforce.com"]


class GrantRefusedError(Exception):
    """The token endpoint's refusal: OAuth's error word and its description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class Connected:
    """The connected app and its user; the defaults are the sandbox's own."""

    consumer_key: str = "sandbox-consumer-key"
    consumer_secret: str = "sandbox-consumer-secret"
    username: str = "q2c@sandbox.example"
    public_key: str | None = None
    """PEM of the certificate that JWT assertions are verified with; without it that grant is refused."""


class Access:
    """Tokens given out and calls counted; with a `writer`, the tokens of `connected` may only read."""

    def __init__(
        self, connected: Connected, writer: Connected | None = None, *, token_calls: int | None, daily_calls: int
    ) -> None:
        self._apps = [connected, writer] if writer else [connected]
        self._token_calls, self.daily_calls = token_calls, daily_calls
        self._left: dict[str, int | None] = {}
        self._writing: set[str] = set()
        self.used = 0

    def grant(self, form: Mapping[str, str], authorization: str) -> str:
        """A new access token for a valid grant."""
        kind = form.get("grant_type", "")
        if kind == "client_credentials":
            app = self._client_of(form, authorization)
        elif kind == JWT_BEARER:
            app = self._asserted(form.get("assertion", ""))
        else:
            raise GrantRefusedError("unsupported_grant_type", "grant type not supported")
        token = f"00D!{secrets.token_urlsafe(24)}"
        self._left[token] = self._token_calls
        if app is self._apps[-1]:
            self._writing.add(token)
        return token

    def may_write(self, authorization: str) -> bool:
        """Tell whether the token's user has a profile that edits records."""
        return authorization.removeprefix("Bearer ") in self._writing

    def revoke_all(self) -> None:
        """Every token given out so far is an expired session from now on."""
        self._left.clear()

    def admit(self, authorization: str) -> None:
        """Count one call, or refuse it: expired session, or the day's calls are used up."""
        token = authorization.removeprefix("Bearer ")
        if token not in self._left or self._left[token] == 0:
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        left = self._left[token]
        self._left[token] = None if left is None else left - 1
        if self.used >= self.daily_calls:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.used += 1

    @property
    def usage(self) -> str:
        """The Sforce-Limit-Info header's value."""
        return f"api-usage={self.used}/{self.daily_calls}"

    def _client_of(self, form: Mapping[str, str], authorization: str) -> Connected:
        key, secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
        app = self._app(key)
        if secret != app.consumer_secret:
            raise GrantRefusedError("invalid_client", "invalid client credentials")
        return app

    def _asserted(self, assertion: str) -> Connected:
        app = self._app(_issuer(assertion))
        if app.public_key is None:
            raise GrantRefusedError("invalid_grant", "no certificate is registered for this app")
        try:
            claims = jwt.decode(assertion, app.public_key, algorithms=["RS256"], audience=_AUDIENCES)
        except jwt.ExpiredSignatureError:
            raise GrantRefusedError("invalid_grant", "expired authorization code") from None
        except jwt.InvalidTokenError:
            raise GrantRefusedError("invalid_grant", "invalid assertion") from None
        if claims.get("sub") != app.username:
            raise GrantRefusedError("invalid_grant", "user hasn't approved this consumer")
        return app

    def _app(self, consumer_key: str) -> Connected:
        for app in self._apps:
            if app.consumer_key == consumer_key:
                return app
        raise GrantRefusedError("invalid_client_id", "client identifier invalid")


def _issuer(assertion: str) -> str:
    """Whose key to verify with, as the assertion itself says."""
    try:
        return str(jwt.decode(assertion, options={"verify_signature": False}).get("iss", ""))
    except jwt.InvalidTokenError:
        raise GrantRefusedError("invalid_grant", "invalid assertion") from None


def _basic(authorization: str) -> tuple[str, str] | None:
    if not authorization.startswith("Basic "):
        return None
    try:
        key, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return key, secret
