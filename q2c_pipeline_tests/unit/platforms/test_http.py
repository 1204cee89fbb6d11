from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx
import pytest

from q2c_pipeline.errors import SourceError, SourceUnavailableError
from q2c_pipeline.platforms.http import HttpSession, RequestLog, RetryPolicy, retry_after_seconds

QUICK = RetryPolicy(attempts=3, first_pause=0.001, longest_pause=0.002)


def session(answer: Callable[[httpx.Request], httpx.Response], log: RequestLog) -> HttpSession:
    http = HttpSession("http://vendor.test", log=log, authorize=token, policy=QUICK)
    http._client = httpx.Client(transport=httpx.MockTransport(answer))  # noqa: SLF001  (the wire is the edge that is faked)
    return http


def token(renew: bool) -> Mapping[str, str]:  # noqa: FBT001
    return {"Authorization": "new" if renew else "old"}


def test_a_passing_failure_is_repeated_and_counted() -> None:
    answers, log = iter([503, 429, 200]), RequestLog()
    response = session(lambda _: httpx.Response(next(answers)), log).request("GET", "/x")
    assert response.status_code == 200
    assert (log.total, log.retries, dict(log.statuses)) == (3, 2, {"503": 1, "429": 1, "200": 1})


def test_a_lasting_failure_ends_with_what_was_found() -> None:
    log = RequestLog()
    with pytest.raises(SourceUnavailableError, match="HTTP 503"):
        session(lambda _: httpx.Response(503), log).request("GET", "/x")
    assert log.total == 3


def test_a_refusal_is_not_repeated() -> None:
    log = RequestLog()
    with pytest.raises(SourceError, match="read permission"):
        session(lambda _: httpx.Response(403, text="no"), log).request("GET", "/x")
    assert log.total == 1


def test_an_expired_token_is_renewed_once() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if request.headers["Authorization"] == "new" else 401)

    log = RequestLog()
    assert session(answer, log).request("GET", "/x").status_code == 200
    assert log.total == 2


def test_a_reset_connection_is_repeated() -> None:
    calls: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        if len(calls) == 1:
            raise httpx.ReadError("reset", request=request)
        return httpx.Response(200)

    log = RequestLog()
    assert session(answer, log).request("GET", "/x").status_code == 200
    assert log.statuses["ReadError"] == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Sun, 01 Feb 2026 00:00:10 GMT", "Date": "Sun, 01 Feb 2026 00:00:00 GMT"}, 10.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_results_keep_the_order_of_the_items() -> None:
    http = session(lambda _: httpx.Response(200), RequestLog())
    assert list(http.map_concurrently(lambda n: n * n, range(20))) == [n * n for n in range(20)]
