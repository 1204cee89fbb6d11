"""Corrections pushed to a Salesforce look-alike: every verdict, what is previewed is what is sent, and nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from q2c_pipeline.domain.repairs import Action, FieldChange, Order, SetFields, Target, Verdict
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.salesforce.edits import NEW_JOB
from q2c_pipeline.platforms.salesforce.push import SalesforcePusher, open_pusher
from q2c_pipeline.sandbox.servers.misbehave import Glitch
from q2c_pipeline.sandbox.servers.salesforce.access import Connected
from q2c_pipeline.sandbox.servers.salesforce.app import create_app
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.systems import Systems
from q2c_pipeline_tests.sandbox.in_process import URL, InProcess
from q2c_pipeline_tests.sandbox.small_org import salesforce_id, small_systems

QUICK = RetryPolicy(attempts=2, first_pause=0.001, longest_pause=0.002)
READER, WRITER = Connected(), Connected("writer-key", "writer-secret-text", "writer@sandbox.example")


def credentials(app: Connected) -> dict[str, str]:
    return {"consumer_key": app.consumer_key, "consumer_secret": app.consumer_secret}


@dataclass
class Org:
    """The look-alike, its line, and a pusher."""

    systems: Systems
    app: Any
    line: InProcess
    pusher: SalesforcePusher

    def account(self, number: int) -> dict[str, Any]:
        return self.systems.salesforce["Account"][salesforce_id("001", number)]

    def glitch(self, kind: Any, pattern: str, **options: Any) -> None:
        self.app.state.glitches.add(Glitch(kind, pattern, **options))


def opened(given: Connected = WRITER, **options: Any) -> Org:
    systems = small_systems(accounts=450)
    app = create_app(systems, writer=WRITER, page_size=150)
    line = InProcess(app)
    instance = Instance("sf_main", "salesforce", URL, credentials(given))
    return Org(systems, app, line, open_pusher(instance, policy=QUICK, transport=line, sleep=lambda _: None, **options))


@pytest.fixture
def org() -> Org:
    return opened()


def order(
    number: int, after: str | None = "NEW", *, name: str = "ERP_Customer_Id__c", before: str | None = None, **target: Any
) -> Order:
    known = {"ERP_Customer_Id__c": str(1000 + number), "Payment_Terms__c": "NET30"}
    change = FieldChange(name, before or known.get(name), None if after is None else f"{after}-{number}")
    at = Target("sf_main", "Account", salesforce_id("001", number), f"AC-{number:05d}", **target)
    return Order(f"c{number}", f"key-{number}", at, Action.SET_FIELDS, SetFields((change,)))


def version(org: Org, number: int) -> str:
    return f"{org.account(number)['SystemModstamp']:%Y-%m-%d %H:%M:%S}"


def verdicts(outcomes: list[Any]) -> list[Verdict]:
    return [outcome.verdict for outcome in outcomes]


def test_a_field_is_set_and_can_be_set_back(org: Org) -> None:
    asked = order(1, version=version(org, 1))
    (outcome,) = org.pusher.send([asked])
    assert (outcome.verdict, outcome.external_id) == (Verdict.DONE, salesforce_id("001", 1))
    assert org.account(1)["ERP_Customer_Id__c"] == "NEW-1"
    assert outcome.version_after != asked.target.version
    back = Order(
        "c1",
        "key-1-undo",
        Target("sf_main", "Account", salesforce_id("001", 1), "AC-00001", outcome.version_after),
        Action.SET_FIELDS,
        SetFields((FieldChange("ERP_Customer_Id__c", "NEW-1", "1001"),)),
    )
    assert verdicts(org.pusher.send([back])) == [Verdict.DONE]
    assert org.account(1)["ERP_Customer_Id__c"] == "1001"


def test_the_logical_name_of_a_field_will_do(org: Org) -> None:
    assert verdicts(org.pusher.send([order(1, name="erp_customer_id", before="1001")])) == [Verdict.DONE]
    assert org.account(1)["ERP_Customer_Id__c"] == "NEW-1"


@pytest.mark.parametrize("count", [1, 2, 199, 201, 401])
def test_what_is_previewed_is_what_is_sent(org: Org, count: int) -> None:
    orders = [order(number, version=version(org, number)) for number in range(1, count + 1)]
    calls = org.pusher.preview(orders)
    assert org.line.written() == []
    assert set(verdicts(org.pusher.send(orders))) == {Verdict.DONE}
    assert [(c.method, c.path, c.body) for c in calls] == [(s.method, s.path, s.body) for s in org.line.written()]
    assert [org.account(n)["ERP_Customer_Id__c"] for n in range(1, count + 1)] == [f"NEW-{n}" for n in range(1, count + 1)]


def test_many_records_go_as_a_bulk_job_whose_failures_are_told_row_by_row() -> None:
    org = opened(bulk_rows=50)
    org.account(200)["ERP_Customer_Id__c"] = "NEW-7"
    orders = [order(number, None if number == 9 else "NEW") for number in range(1, 61)]
    calls = org.pusher.preview(orders)
    outcomes = org.pusher.send(orders)
    failed = {o.correction_id: o for o in outcomes if o.verdict is not Verdict.DONE}
    assert list(failed) == ["c7"]
    assert failed["c7"].verdict is Verdict.REJECTED
    assert "DUPLICATE_VALUE" in failed["c7"].detail
    assert org.account(8)["ERP_Customer_Id__c"] == "NEW-8"
    assert org.account(9)["ERP_Customer_Id__c"] is None
    job = org.line.written()[1].path.split("/")[-2]
    sent = [(s.method, s.path, s.body) for s in org.line.written()]
    assert [(c.method, c.path.replace(NEW_JOB, job), c.body) for c in calls] == sent


def test_a_refused_release_may_be_the_second_delivery_of_one_that_was_taken() -> None:
    org = opened(bulk_rows=2)
    refused = {"code": 400, "body": [{"errorCode": "INVALIDJOBSTATE", "message": "Updating State from UploadComplete"}]}
    org.glitch("status", "PATCH */jobs/ingest/*", detail=refused)
    outcomes = org.pusher.send([order(1), order(2)])
    assert verdicts(outcomes) == [Verdict.UNKNOWN] * 2
    assert "INVALIDJOBSTATE" in outcomes[0].detail


def test_a_bulk_job_that_is_never_released_changes_nothing() -> None:
    org = opened(bulk_rows=2)
    org.glitch("reset_after", "PUT *")
    assert set(verdicts(org.pusher.send([order(1), order(2)]))) == {Verdict.FAILED}
    org.glitch("reset_after", "PATCH */jobs/ingest/*")
    assert set(verdicts(org.pusher.send([order(1), order(2)]))) == {Verdict.UNKNOWN}
    assert org.account(1)["ERP_Customer_Id__c"] == "1001"


def test_orders_on_one_record_are_written_together(org: Org) -> None:
    stamp = version(org, 1)
    terms = order(1, "NET", name="Payment_Terms__c", version=stamp)
    outcomes = org.pusher.send([order(1, version=stamp), terms, order(1, "OTHER", version=stamp)])
    assert verdicts(outcomes) == [Verdict.DONE, Verdict.DONE, Verdict.CHANGED]
    assert "another correction of this record sets ERP_Customer_Id__c" in outcomes[2].detail
    assert (org.account(1)["ERP_Customer_Id__c"], org.account(1)["Payment_Terms__c"]) == ("NEW-1", "NET-1")
    assert len(org.line.written()) == 1


def test_a_record_that_moved_goes_back_with_the_difference(org: Org) -> None:
    stale = order(1, version="2025-12-31 00:00:00")
    org.account(2)["ERP_Customer_Id__c"] = "SOMEBODY"
    org.account(3)["IsDeleted"] = True
    outcomes = org.pusher.send([stale, order(2), order(3)])
    assert verdicts(outcomes) == [Verdict.CHANGED] * 3
    assert "version: in evidence 2025-12-31 00:00:00, now 2026-01-01T09:00:00.000+0000" in outcomes[0].detail
    assert "in evidence 1002, now SOMEBODY" in outcomes[1].detail
    assert "no longer exists" in outcomes[2].detail
    assert org.line.written() == []


def test_a_change_between_the_look_and_the_write_is_noticed_by_the_org(org: Org) -> None:
    asked = order(1, version=version(org, 1))
    look = org.pusher._held  # noqa: SLF001  (the moment between look and write has no other door)

    def look_and_be_overtaken(orders: Any) -> Any:
        held = look(orders)
        if not org.line.written():
            org.app.state.host.org.change(org.account(1), {"Name": "Overtaken"})
        return held

    org.pusher._held = look_and_be_overtaken  # type: ignore[method-assign]  # noqa: SLF001
    (outcome,) = org.pusher.send([asked])
    assert outcome.verdict is Verdict.CHANGED
    assert f"version: in evidence {asked.target.version}, now 2026-04-01T00:00:01" in outcome.detail
    assert org.account(1)["ERP_Customer_Id__c"] == "1001"


def test_what_is_right_already_is_done_without_a_write(org: Org) -> None:
    org.account(1)["ERP_Customer_Id__c"] = "NEW-1"
    (outcome,) = org.pusher.send([order(1, version="2025-12-31 00:00:00")])
    assert (outcome.verdict, outcome.detail) == (Verdict.DONE, "the record already has these values")
    assert org.line.written() == []


def test_failures_are_told_row_by_row(org: Org) -> None:
    org.app.state.host.writer.lock_once.add(salesforce_id("001", 2))
    org.account(400)["ERP_Customer_Id__c"] = "NEW-3"
    orders = [order(1), order(2), order(3)]
    outcomes = org.pusher.send(orders)
    assert verdicts(outcomes) == [Verdict.DONE, Verdict.FAILED, Verdict.REJECTED]
    assert "UNABLE_TO_LOCK_ROW" in outcomes[1].detail
    assert "duplicates value on record with id" in outcomes[2].detail
    assert verdicts(org.pusher.send([orders[1]])) == [Verdict.DONE]


@pytest.mark.parametrize(
    ("kind", "detail", "verdict", "has_effect"),
    [
        ("reset", {}, Verdict.UNKNOWN, False),
        ("reset_after", {}, Verdict.UNKNOWN, True),
        ("status", {"code": 500, "body": "oops"}, Verdict.UNKNOWN, False),
        ("status", {"code": 503, "body": "", "headers": {"Retry-After": "7"}}, Verdict.FAILED, False),
        ("status", {"code": 429, "body": ""}, Verdict.FAILED, False),
        ("status", {"code": 403, "body": [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "x"}]}, Verdict.FAILED, False),
        ("status", {"code": 400, "body": [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "x"}]}, Verdict.FAILED, False),
        ("status", {"code": 400, "body": [{"errorCode": "STRING_TOO_LONG", "message": "x"}]}, Verdict.REJECTED, False),
        ("twice", {}, Verdict.DONE, True),
        ("expire_token", {}, Verdict.DONE, True),
    ],
)
def test_verdicts_of_the_line(org: Org, kind: Any, detail: dict[str, Any], verdict: Verdict, *, has_effect: bool) -> None:
    org.glitch(kind, "PATCH *", detail=detail)
    (outcome,) = org.pusher.send([order(1)])
    assert outcome.verdict is verdict
    assert outcome.retry_after == (7.0 if "headers" in detail else None)
    found = org.pusher.look_up(order(1))
    assert (found is not None) is has_effect
    assert found is None or found.verdict is Verdict.DONE
    assert org.account(1)["ERP_Customer_Id__c"] == ("NEW-1" if has_effect else "1001")


def test_a_second_delivery_that_is_refused_says_nothing_while_the_record_cannot_be_seen(org: Org) -> None:
    org.glitch("twice", "PATCH *")
    org.glitch("status", "GET */query", times=9, skip=1, detail={"code": 429, "body": ""})
    (outcome,) = org.pusher.send([order(1, version=version(org, 1))])
    assert (outcome.verdict, "PRECONDITION_FAILED" in outcome.detail) == (Verdict.UNKNOWN, True)
    assert org.account(1)["ERP_Customer_Id__c"] == "NEW-1"


def test_nothing_is_sent_while_the_org_cannot_be_reached(org: Org) -> None:
    org.line.offline = True
    (outcome,) = org.pusher.send([order(1)])
    assert (outcome.verdict, outcome.detail.startswith("not sent")) == (Verdict.FAILED, True)


def test_a_reading_credential_cannot_write() -> None:
    org = opened(READER)
    single, *several = org.pusher.send([order(1)]) + org.pusher.send([order(2), order(3)])
    assert {outcome.verdict for outcome in (single, *several)} == {Verdict.FAILED}
    assert all("INSUFFICIENT_ACCESS_OR_READONLY" in outcome.detail for outcome in (single, *several))
    assert [org.account(n)["ERP_Customer_Id__c"] for n in (1, 2, 3)] == ["1001", "1002", "1003"]


def test_a_refused_login_shows_no_secret() -> None:
    org = opened(Connected("writer-key", "wrong-secret-text"))
    (outcome,) = org.pusher.send([order(1)])
    assert outcome.verdict is Verdict.FAILED
    assert "invalid_client" in outcome.detail
    assert "wrong-secret-text" not in f"{outcome}{org.pusher.preview([order(1)])}"


def test_an_assertion_opens_the_org_too() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    signer = Connected("signer-key", "unused", "writer@sandbox.example", public)
    given = {"consumer_key": "signer-key", "username": "writer@sandbox.example", "private_key": private}
    app = create_app(small_systems(), writer=signer)
    pusher = open_pusher(Instance("sf_main", "salesforce", URL, given), policy=QUICK, transport=InProcess(app))
    assert verdicts(pusher.send([order(1)])) == [Verdict.DONE]


def test_over_a_real_line_a_lost_answer_is_unknown_until_looked_up() -> None:
    app = create_app(small_systems(), writer=WRITER)
    with serve(app) as running:
        pusher = open_pusher(Instance("sf_main", "salesforce", running.url, credentials(WRITER)), policy=QUICK)
        app.state.glitches.add(Glitch("reset_after", "PATCH *"))
        assert verdicts(pusher.send([order(1)])) == [Verdict.UNKNOWN]
        found = pusher.look_up(order(1))
        assert found is not None
        assert found.verdict is Verdict.DONE
        pusher.close()
