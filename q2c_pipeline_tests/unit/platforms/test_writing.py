from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from q2c_pipeline.domain.repairs import Action, Call, FieldChange, Order, SetFields, Target, Verdict
from q2c_pipeline.errors import ContractError, SourceError
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.preconditions import Held, has_effect, moment, present, same_version, stands, vendor_changes
from q2c_pipeline.platforms.writing import Problem, Reason, WriteSession, exact_json, verdict_of

QUICK = RetryPolicy(attempts=3, first_pause=0.001, longest_pause=0.002)
INSTANCE = Instance("x_main", "x", "http://127.0.0.1:9", {"api_key": "very-secret", "account": "123"})
CALL = Call("POST", "/things?a=1", '{"b":2}')
CHANGES = (FieldChange("status", "Active", "Canceled"), FieldChange("note", None, "n"))
ORDER = Order("c1", "k1", Target("x_main", "Thing", "7", "T-7", "2026-06-30 22:00:05"), Action.SET_FIELDS, SetFields(CHANGES))
STAMP = "2026-06-30T22:00:05.000+0000"


def written(answer: Callable[[httpx.Request], httpx.Response]) -> tuple[httpx.Response | Problem, WriteSession]:
    session = WriteSession(INSTANCE, policy=QUICK, transport=httpx.MockTransport(answer))
    return session.write(CALL, {"X-Key": "k"}, lambda response: Reason("CODE", response.text)), session


def failing(error: type[httpx.TransportError]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("gone", request=request)

    return answer


@pytest.mark.parametrize(("is_ours", "method", "sent"), [(False, "POST", 0), (True, "POST", 1), (False, "GET", 1)])
def test_nothing_is_written_once_another_pusher_has_taken_over(is_ours: bool, method: str, sent: int) -> None:  # noqa: FBT001
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    session = WriteSession(INSTANCE, policy=QUICK, transport=httpx.MockTransport(answer))
    with session.guarded(lambda: is_ours):
        told = session.write(Call(method, "/things", ""), {}, lambda _: Reason("", ""))
    assert len(asked) == sent
    assert isinstance(told, Problem) is (sent == 0)
    session.write(CALL, {}, lambda _: Reason("", ""))
    assert len(asked) == sent + 1


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (httpx.ConnectError, Verdict.FAILED),
        (httpx.ConnectTimeout, Verdict.FAILED),
        (httpx.PoolTimeout, Verdict.FAILED),
        (httpx.ReadError, Verdict.UNKNOWN),
        (httpx.ReadTimeout, Verdict.UNKNOWN),
        (httpx.WriteError, Verdict.UNKNOWN),
        (httpx.WriteTimeout, Verdict.UNKNOWN),
        (httpx.RemoteProtocolError, Verdict.UNKNOWN),
    ],
)
def test_only_what_was_on_its_way_may_have_acted(error: type[httpx.TransportError], verdict: Verdict) -> None:
    answer, session = written(failing(error))
    assert isinstance(answer, Problem)
    assert answer.verdict is verdict
    assert answer.detail.startswith("not sent" if verdict is Verdict.FAILED else "no answer")
    assert session.log.total == 1


@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [
        (400, {}, Verdict.REJECTED),
        (402, {}, Verdict.REJECTED),
        (404, {}, Verdict.REJECTED),
        (403, {}, Verdict.FAILED),
        (408, {}, Verdict.FAILED),
        (429, {}, Verdict.FAILED),
        (500, {}, Verdict.UNKNOWN),
        (502, {}, Verdict.UNKNOWN),
        (503, {"Retry-After": "5"}, Verdict.FAILED),
        (503, {}, Verdict.UNKNOWN),
    ],
)
def test_an_error_is_told_once_with_what_it_means(status: int, headers: dict[str, str], verdict: Verdict) -> None:
    assert verdict_of(status, headers) is verdict
    answer, session = written(lambda _: httpx.Response(status, headers=headers, text="no"))
    assert isinstance(answer, Problem)
    assert (answer.verdict, answer.detail) == (verdict, f"HTTP {status} CODE: no")
    assert answer.retry_after == (5.0 if headers else None)
    assert session.log.total == 1


def test_the_vendors_code_may_decide_against_its_status() -> None:
    session = WriteSession(INSTANCE, transport=httpx.MockTransport(lambda _: httpx.Response(400)))
    answer = session.write(CALL, {}, lambda _: Reason("LOCKED", "", Verdict.FAILED))
    assert isinstance(answer, Problem)
    assert (answer.verdict, answer.code) == (Verdict.FAILED, "LOCKED")


def test_what_is_sent_is_the_call_to_the_byte() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    assert isinstance(written(answer)[0], httpx.Response)
    (request,) = seen
    assert (request.method, request.url.raw_path, request.content) == ("POST", b"/things?a=1", b'{"b":2}')
    assert request.headers["X-Key"] == "k"


def test_a_credential_that_a_vendor_quotes_is_not_repeated() -> None:
    answer, session = written(lambda _: httpx.Response(400, text="bad key very-secret for 123"))
    assert isinstance(answer, Problem)
    assert answer.detail == "HTTP 400 CODE: bad key *** for 123"
    refused = SourceError(expected="a token", found="very-secret", where="login", next_step="look")
    assert session.not_sent(refused).detail == "not sent: login: expected a token, found ***. Next: look"


def test_what_cannot_be_expressed_is_no_failure_of_the_line() -> None:
    session = WriteSession(INSTANCE)
    facts: dict[str, str] = {"expected": "e", "found": "f", "where": "w", "next_step": "n"}
    assert session.not_sent(SourceError(**facts)).verdict is Verdict.FAILED
    assert session.not_sent(ContractError(**facts)).verdict is Verdict.REJECTED


def test_looking_is_repeated_and_an_absent_record_is_no_error() -> None:
    answers = iter([503, 200, 404])
    session = WriteSession(
        INSTANCE, policy=QUICK, transport=httpx.MockTransport(lambda _: httpx.Response(next(answers), json={}))
    )
    assert session.find("/things/7") == {}
    assert session.find("/things/7") is None
    assert session.log.retries == 1


@pytest.mark.parametrize(
    ("version", "values", "verdict", "says"),
    [
        (STAMP, {"status": "Active", "note": None}, None, ""),
        (STAMP, {"status": "Active", "note": ""}, None, ""),
        (None, {"status": "Active"}, None, ""),
        ("2026-06-30T22:00:06Z", {"status": "Canceled", "note": "n"}, Verdict.DONE, "already has these values"),
        (STAMP, {"status": "Paused"}, Verdict.CHANGED, "status: in evidence Active, now Paused"),
        (STAMP, {"status": "Canceled"}, Verdict.CHANGED, "status: in evidence Active, now Canceled"),
        ("2026-06-30T22:00:06Z", {"status": "Active"}, Verdict.CHANGED, "version: in evidence 2026-06-30 22:00:05, now 2026"),
    ],
)
def test_a_record_decides_whether_to_write(
    version: str | None, values: dict[str, str | None], verdict: Verdict | None, says: str
) -> None:
    outcome = stands(ORDER, Held(version, values), CHANGES)
    assert (outcome and outcome.verdict) is verdict
    assert outcome is None or says in outcome.detail


def test_a_vanished_record_has_changed() -> None:
    outcome = stands(ORDER, None, CHANGES)
    assert outcome is not None
    assert (outcome.verdict, outcome.detail) == (Verdict.CHANGED, "Thing 7 no longer exists")


def test_an_effect_is_every_wanted_value() -> None:
    assert has_effect(Held(None, {"status": "Canceled", "note": "n"}), CHANGES)
    assert not has_effect(Held(None, {"status": "Canceled"}), CHANGES)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2026-06-30 22:00:05", "2026-06-30T22:00:05.999+0000", True),
        ("2026-06-30 22:00:05+00", "2026-07-01T00:00:05+02:00", True),
        ("2026-06-30 22:00:05", "2026-06-30T22:00:06Z", False),
        (None, "2026-06-30T22:00:06Z", True),
        ("2026-06-30 22:00:05", None, True),
    ],
)
def test_a_version_is_a_moment(one: str | None, other: str | None, same: bool) -> None:  # noqa: FBT001
    assert same_version(one, other) is same


def test_a_moment_without_a_zone_is_utc() -> None:
    assert moment("2026-06-30 22:00:05").isoformat() == "2026-06-30T22:00:05+00:00"


@pytest.mark.parametrize(
    ("path", "value"),
    [("a", "1"), ("metadata.order_id", "7"), ("metadata.none", None), ("flag", "true"), ("a.b", None), ("nothing.x", None)],
)
def test_the_present_text_of_a_field(path: str, value: str | None) -> None:
    assert present({"a": "1", "metadata": {"order_id": "7", "none": None}, "flag": True}, path) == value


def test_names_may_be_logical_or_the_vendors() -> None:
    assert [each.name for each in vendor_changes(ORDER, {"status": "Billing_Status__c"})] == ["Billing_Status__c", "note"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"debit": Decimal("119.00"), "n": 1}, '{"debit":119.00,"n":1}'),
        ([Decimal("12345678901234567.8901")], "[12345678901234567.8901]"),
        ({"memo": '5" screen \\ ü', "none": None}, '{"memo":"5\\" screen \\\\ \\u00fc","none":null}'),
    ],
)
def test_amounts_keep_their_digits(value: Any, text: str) -> None:
    assert exact_json(value) == text
