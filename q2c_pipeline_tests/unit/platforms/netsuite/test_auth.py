"""The two ways into NetSuite, without a server."""

from __future__ import annotations

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from q2c_pipeline.errors import ConfigurationError, SourceError
from q2c_pipeline.platforms.netsuite.auth import TOKEN_PATH, MachineToMachine, TokenBased

URL = "https://1234567.suitetalk.api.netsuite.com"
NOW = 1_780_000_000


def rsa_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def flow(private_key: str) -> MachineToMachine:
    given = {"client_id": "me", "certificate_id": "cert", "private_key": private_key}
    return MachineToMachine(URL, given, clock=lambda: NOW)


def test_an_rsa_assertion_says_who_asks_for_what() -> None:
    private, public = rsa_pair()
    exchange = flow(private).auth_flow(httpx.Request("POST", f"{URL}/x"))
    asked = next(exchange)
    assert str(asked.url) == f"{URL}{TOKEN_PATH}"
    assertion = dict(httpx.QueryParams(asked.content.decode()))["client_assertion"]
    assert jwt.get_unverified_header(assertion) == {"alg": "PS256", "kid": "cert", "typ": "JWT"}
    claims = jwt.decode(
        assertion, public, ["PS256"], options={"verify_exp": False, "verify_iat": False}, audience=f"{URL}{TOKEN_PATH}"
    )
    assert (claims["iss"], claims["scope"], claims["exp"] - claims["iat"]) == ("me", ["rest_webservices"], 600)
    sent = exchange.send(httpx.Response(200, json={"access_token": "t1"}))
    assert sent.headers["Authorization"] == "Bearer t1"


def test_a_refused_assertion_is_a_source_error() -> None:
    exchange = flow(rsa_pair()[0]).auth_flow(httpx.Request("GET", URL))
    next(exchange)
    with pytest.raises(SourceError, match="certificate is mapped"):
        exchange.send(httpx.Response(401, json={"error": "invalid_client"}))


def test_a_key_that_is_none_is_named_without_being_shown() -> None:
    with pytest.raises(ConfigurationError) as refused:
        next(flow("hunter2").auth_flow(httpx.Request("GET", URL)))
    assert "hunter2" not in str(refused.value)


def test_token_based_requests_are_signed_for_the_account() -> None:
    given = {"account": "1234567_SB1", "consumer_key": "a", "consumer_secret": "b", "token_id": "c", "token_secret": "d"}
    first, second = (next(TokenBased(given).auth_flow(httpx.Request("POST", f"{URL}/x?limit=1"))) for _ in range(2))
    header = first.headers["Authorization"]
    assert header.startswith('OAuth realm="1234567_SB1"')
    assert 'oauth_signature_method="HMAC-SHA256"' in header
    assert header != second.headers["Authorization"]
