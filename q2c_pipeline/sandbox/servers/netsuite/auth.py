"""Who may call: OAuth 2.0 machine-to-machine by a signed assertion, or token-based authentication (OAuth 1.0a)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from oauthlib.oauth1.rfc5849.signature import collect_parameters, verify_hmac_sha256
from starlette.responses import JSONResponse

from q2c_pipeline.sandbox.servers.netsuite.problems import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_LIFETIME_SECONDS = 3600


@dataclass(frozen=True)
class Credentials:
    """What the look-alike accepts; the defaults are the sandbox company's."""

    account: str = "1234567_SB1"
    client_id: str = "sandbox-client"
    certificate_id: str = "sandbox-certificate"
    public_key_pem: str = ""
    consumer_key: str = "sandbox-consumer"
    consumer_secret: str = "sandbox-consumer-secret"
    token_id: str = "sandbox-token"
    token_secret: str = "sandbox-token-secret"


def key_pair() -> tuple[str, str]:
    """Make an elliptic-curve key pair as PEM text: private, public."""
    private = ec.generate_private_key(ec.SECP256R1())
    private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private_pem.decode(), public_pem.decode()


@dataclass
class Gate:
    """Issues access tokens and checks each request; with a `writer`, the role behind `credentials` may only read."""

    credentials: Credentials
    writer: Credentials | None = None
    tokens: dict[str, Credentials] = field(default_factory=dict)
    nonces: set[tuple[str, str]] = field(default_factory=set)

    async def token(self, request: Request) -> JSONResponse:
        """Answer the token endpoint."""
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != _ASSERTION_TYPE:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        try:
            holder = self._asserted(form.get("client_assertion", ""), str(request.url))
        except (jwt.PyJWTError, TypeError) as error:
            return JSONResponse({"error": "invalid_client", "error_description": str(error)}, 401)
        token = secrets.token_urlsafe(24)
        self.tokens[token] = holder
        return JSONResponse({"access_token": token, "expires_in": str(_LIFETIME_SECONDS), "token_type": "bearer"})

    def check(self, request: Request) -> Credentials:
        """Who calls; a request that carries neither a living bearer token nor a right signature is refused."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and rest in self.tokens:
            return self.tokens[rest]
        signer = self._signer(request, _oauth_fields(rest)) if scheme.lower() == "oauth" else None
        if signer is None:
            raise Refusal(401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail.")
        return signer

    def may_write(self, caller: Credentials) -> bool:
        """Tell whether the caller's role edits records."""
        return self.writer is None or caller is self.writer

    @property
    def _holders(self) -> list[Credentials]:
        return [self.credentials, self.writer] if self.writer else [self.credentials]

    def _asserted(self, assertion: str, token_url: str) -> Credentials:
        certificate = jwt.get_unverified_header(assertion).get("kid")
        holder = next((one for one in self._holders if one.certificate_id == certificate), None)
        if holder is None:
            raise jwt.InvalidTokenError("unknown certificate")
        claims = jwt.decode(
            assertion,
            holder.public_key_pem,
            algorithms=_ALGORITHMS,
            audience=token_url,
            issuer=holder.client_id,
            options={"require": ["iat", "exp", "aud", "iss"]},
        )
        if claims["exp"] - claims["iat"] > _LIFETIME_SECONDS or "rest_webservices" not in claims.get("scope", []):
            raise jwt.InvalidTokenError("lifetime or scope")
        return holder

    def _signer(self, request: Request, fields: dict[str, str]) -> Credentials | None:
        nonce = (fields.get("oauth_timestamp", ""), fields.get("oauth_nonce", ""))
        is_new = nonce not in self.nonces
        self.nonces.add(nonce)
        holder = next((one for one in self._holders if _is_of(fields, one)), None)
        return holder if holder and is_new and _signature_holds(request, fields, holder) else None


def _is_of(fields: dict[str, str], held: Credentials) -> bool:
    return (
        fields.get("realm", "").upper() == held.account.upper()
        and fields.get("oauth_consumer_key") == held.consumer_key
        and fields.get("oauth_token") == held.token_id
        and fields.get("oauth_signature_method") == "HMAC-SHA256"
    )


def _oauth_fields(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(","))
    return {name: unquote(value.strip('"')) for name, _, value in pairs}


def _signature_holds(request: Request, fields: dict[str, str], held: Credentials) -> bool:
    params = collect_parameters(uri_query=request.url.query, headers={"Authorization": request.headers["authorization"]})
    signed = SimpleNamespace(
        uri=str(request.url).partition("?")[0],
        http_method=request.method,
        params=params,
        signature=fields.get("oauth_signature", ""),
    )
    return bool(verify_hmac_sha256(signed, held.consumer_secret, held.token_secret))
