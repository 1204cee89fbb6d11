"""The Salesforce look-alike as a third party sees it: simple-salesforce and plain HTTP against a served org."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceOperationError,
    SalesforceRefusedRequest,
)

from q2c_pipeline.sandbox.servers.misbehave import Glitch
from q2c_pipeline.sandbox.servers.salesforce.access import Connected
from q2c_pipeline.sandbox.servers.salesforce.app import create_app
from q2c_pipeline.sandbox.servers.salesforce.wire import number
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.systems import Misbehaviour
from q2c_pipeline_tests.sandbox.small_org import loopback_session, salesforce_id, small_systems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette

    from q2c_pipeline.sandbox.servers.salesforce.org import Org
    from q2c_pipeline.sandbox.systems import Systems

VERSION = "67.0"
ACCOUNT = salesforce_id("001", 1)


def _client(url: str, **login: Any) -> Salesforce:
    own = {"consumer_key": "sandbox-consumer-key", "consumer_secret": "sandbox-consumer-secret"}
    given = {"domain": "example.my", **(login or own)}
    return Salesforce(session=loopback_session(url), version=VERSION, parse_float=Decimal, **given)


@pytest.fixture
def systems() -> Systems:
    return small_systems()


@pytest.fixture
def connect() -> Iterator[Callable[..., Any]]:
    running = []

    def start(app: Starlette, **login: Any) -> Salesforce:
        running.append(serve(app))
        return _client(running[-1].url, **login)

    yield start
    for server in running:
        server.stop()


class TestLogin:
    def test_client_credentials_are_checked(self, systems: Systems, connect: Callable[..., Any]) -> None:
        with pytest.raises(SalesforceAuthenticationFailed, match="invalid client credentials"):
            connect(create_app(systems), consumer_key="sandbox-consumer-key", consumer_secret="wrong")

    def test_jwt_signature_is_verified(self, systems: Systems, connect: Callable[..., Any]) -> None:
        app_key, other_key = (_private_key() for _ in range(2))
        app = create_app(systems, connected=Connected(public_key=_public_pem(app_key)))
        user = {"username": "q2c@sandbox.example", "consumer_key": "sandbox-consumer-key", "domain": "login"}
        client = connect(app, **user, privatekey=_private_pem(app_key))
        assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 7
        with pytest.raises(SalesforceAuthenticationFailed, match="invalid assertion"):
            connect(app, **user, privatekey=_private_pem(other_key))

    def test_expired_session_is_renewed_by_the_client(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems, page_size=2, token_calls=2))
        assert len(list(client.query_all_iter("SELECT Id FROM Account"))) == 7

    def test_unknown_session_is_refused(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems))
        stranger = Salesforce(session_id="00D!no", instance="x.my.salesforce.com", session=client.session)
        with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
            stranger.query("SELECT Id FROM Account")

    def test_daily_calls_run_out(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems, daily_calls=1))
        client.query("SELECT Id FROM Account")
        assert client.api_usage["api-usage"] == (1, 1)
        with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
            client.query("SELECT Id FROM Account")


def _private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form).decode()


def _private_pem(key: rsa.RSAPrivateKey) -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


class TestQuery:
    def test_pages_below_two_thousand(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems, page_size=3))
        first = client.query("SELECT Id, Name FROM Account ORDER BY Id")
        assert (first["totalSize"], first["done"], len(first["records"])) == (7, False, 3)
        assert first["records"][0]["Name"] == "Müller & Söhne 1"
        assert len(client.query_all("SELECT Id FROM Account")["records"]) == 7

    def test_query_all_pages_under_query(self, systems: Systems, connect: Callable[..., Any]) -> None:
        systems.salesforce["Account"][ACCOUNT]["IsDeleted"] = True
        client = connect(create_app(systems, page_size=3))
        first = client.query("SELECT Id FROM Account", include_deleted=True)
        assert "/query/" in first["nextRecordsUrl"]
        found = list(client.query_all_iter("SELECT Id, IsDeleted FROM Account", include_deleted=True))
        assert sum(record["IsDeleted"] for record in found) == 1
        assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 6

    def test_money_keeps_its_digits(self, systems: Systems, connect: Callable[..., Any]) -> None:
        record = connect(create_app(systems)).query("SELECT UnitPrice, ServiceDate FROM OrderItem LIMIT 1")["records"][0]
        assert record["UnitPrice"] == Decimal("10.0000001")
        assert record["ServiceDate"] == "2026-01-01"

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            ("SystemModstamp >= 2026-01-01T10:00:00Z AND SystemModstamp < 2026-01-01T12:00:00.000+00:00", 2),
            ("Name = 'MÜLLER & söhne 2'", 1),
            (f"Id IN ('{salesforce_id('001', 1)}', '{salesforce_id('001', 2)}', 'x')", 2),
            ("(Legal_Entity__c = 'US' OR BillingCountry = 'DE') AND NOT AccountNumber IN ('AC-00001')", 6),
            ("ParentId = null AND Name != null", 7),
            ("Name = 'it\\'s'", 0),
        ],
    )
    def test_where(self, where: str, expected: int, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems))
        assert client.query(f"SELECT COUNT() FROM Account WHERE {where}")["totalSize"] == expected
        assert len(client.query(f"SELECT Id FROM Account WHERE {where}")["records"]) == expected

    @pytest.mark.parametrize(
        ("soql", "code"),
        [
            ("SELECT Id FROM Nothing", "INVALID_TYPE"),
            ("SELECT Nothing__c FROM Account", "INVALID_FIELD"),
            ("SELECT Id FROM Account WHERE Nothing__c = 'x'", "INVALID_FIELD"),
            ("SELECT Id FROM Order WHERE EffectiveDate = '2026-01-01'", "INVALID_FIELD"),
            ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
            ("SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Name = 'c'", "MALFORMED_QUERY"),
            ("DROP TABLE Account", "MALFORMED_QUERY"),
        ],
    )
    def test_refusals(self, soql: str, code: str, systems: Systems, connect: Callable[..., Any]) -> None:
        with pytest.raises(SalesforceMalformedRequest) as refusal:
            connect(create_app(systems)).query(soql)
        assert refusal.value.content[0]["errorCode"] == code  # type: ignore[index]

    def test_sum_is_in_corporate_currency_unless_the_org_has_one_currency(
        self, systems: Systems, connect: Callable[..., Any]
    ) -> None:
        soql = "SELECT SUM(TotalAmount) total, COUNT(Id) FROM Order"
        several = connect(create_app(systems)).query(soql)["records"][0]
        single = connect(create_app(systems, hidden_fields=frozenset({"CurrencyIsoCode"}))).query(soql)["records"][0]
        assert (single["total"], single["expr0"]) == (Decimal("8400.70"), 7)
        assert several["total"] != single["total"]
        quantities = connect(create_app(systems)).query("SELECT SUM(Quantity) FROM OrderItem")["records"][0]
        assert quantities["expr0"] == 80

    def test_describe_lists_fields(self, systems: Systems, connect: Callable[..., Any]) -> None:
        systems.misbehaviour += [
            Misbehaviour("salesforce", "new_column", "Account", {"field": "Region_Code__c", "value": "EMEA"}),
            Misbehaviour("salesforce", "missing_column", "Account", {"field": "Tax_Id__c"}),
        ]
        client = connect(create_app(systems))
        fields = {field["name"]: field for field in client.Account.describe()["fields"]}
        assert fields["Region_Code__c"]["custom"]
        assert "Tax_Id__c" not in fields
        assert client.query("SELECT Region_Code__c FROM Account LIMIT 1")["records"][0]["Region_Code__c"] == "EMEA"
        with pytest.raises(SalesforceMalformedRequest, match="Tax_Id__c"):
            client.query("SELECT Tax_Id__c FROM Account")

    def test_records_change_and_vanish_between_pages(self, systems: Systems, connect: Callable[..., Any]) -> None:
        last, before = salesforce_id("001", 7), salesforce_id("001", 6)

        def meddle(org: Org, object_name: str) -> None:
            records = org.records(object_name)
            if last in records:
                org.delete(object_name, last, purge=True)
                org.change(records[before], {"Name": "Renamed"})

        client = connect(create_app(systems, page_size=5, between_pages=meddle))
        found = list(client.query_all_iter("SELECT Id, Name FROM Account ORDER BY Id"))
        assert [record["Name"] for record in found[5:]] == ["Renamed"]

    def test_omitted_record_is_counted_and_malformed_one_shown(self, systems: Systems, connect: Callable[..., Any]) -> None:
        systems.misbehaviour += [
            Misbehaviour("salesforce", "omit_record", "Account", {"id": ACCOUNT}),
            Misbehaviour(
                "salesforce", "malformed_row", "OrderItem",
                {"id": salesforce_id("802", 2), "field": "Quantity", "value": "ten"},
            ),
        ]  # fmt: skip
        client = connect(create_app(systems))
        assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 7
        assert client.query("SELECT Id FROM Account")["totalSize"] == 6
        quantities = [r["Quantity"] for r in client.query("SELECT Quantity FROM OrderItem ORDER BY Id")["records"]]
        assert quantities[:3] == [10, "ten", 10]


class TestReplication:
    def test_deleted_and_updated_lists(self, systems: Systems, connect: Callable[..., Any]) -> None:
        app = create_app(systems)
        client = connect(app)
        app.state.host.org.delete("Account", ACCOUNT)
        client.Account.update(salesforce_id("001", 2), {"Name": "New name"})
        window = {"start": "2026-03-31T23:59:00+00:00", "end": "2026-04-01T00:05:00+00:00"}
        gone = client.restful("sobjects/Account/deleted/", params=window)
        assert [entry["id"] for entry in gone["deletedRecords"]] == [ACCOUNT]
        assert client.restful("sobjects/Account/updated/", params=window)["ids"] == [salesforce_id("001", 2)]

    def test_window_older_than_the_recycle_bin_is_refused(self, systems: Systems, connect: Callable[..., Any]) -> None:
        window = {"start": "2026-01-01T00:00:00+00:00", "end": "2026-04-01T00:05:00+00:00"}
        with pytest.raises(SalesforceMalformedRequest, match="INVALID_REPLICATION_DATE"):
            connect(create_app(systems)).restful("sobjects/Account/deleted/", params=window)


class TestBulk:
    def test_pages_with_locators(self, systems: Systems, connect: Callable[..., Any]) -> None:
        systems.salesforce["Account"][ACCOUNT]["Name"] = 'two\nlines, "quoted"'
        client = connect(create_app(systems, bulk_page_size=3))
        pages = list(client.bulk2.Account.query("SELECT Id, Name, ParentId FROM Account ORDER BY Id", wait=0))
        assert len(pages) == 3
        assert pages[0].startswith('"Id","Name","ParentId"\n')
        assert f'"{ACCOUNT}","two\nlines, ""quoted""",""' in pages[0]

    def test_failed_job(self, systems: Systems, connect: Callable[..., Any]) -> None:
        app = create_app(systems)
        app.state.host.jobs.fail_next = 1
        with pytest.raises(SalesforceOperationError, match="retries"):
            list(connect(app).bulk2.Account.query("SELECT Id FROM Account", wait=0))

    def test_states_version_and_removal(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems))
        asked = {"operation": "queryAll", "query": "SELECT Id, SystemModstamp FROM Account"}
        job = client.restful("jobs/query", method="POST", json=asked)
        path = f"jobs/query/{job['id']}"
        assert job["state"] == "UploadComplete"
        assert [client.restful(path)["state"] for _ in range(2)] == ["InProgress", "JobComplete"]
        url = f"https://x.my.salesforce.com/services/data/v60.0/{path}/results"
        assert client.session.get(url, headers=client.headers).status_code == 409
        reply = client.session.get(url.replace("60.0", VERSION), headers=client.headers)
        assert (reply.headers["Sforce-Locator"], reply.headers["Sforce-NumberOfRecords"]) == ("null", "7")
        assert '"2026-01-01T09:00:00.000Z"' in reply.text
        assert client.restful(path, method="DELETE") is None


class TestWrites:
    def test_upsert_creates_then_changes(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems))
        before = systems.salesforce["Account"][ACCOUNT]["SystemModstamp"]
        assert client.Account.upsert("ERP_Customer_Id__c/1001", {"Name": "Changed"}) == 200
        assert client.Account.upsert("ERP_Customer_Id__c/9999", {"Name": "New", "Legal_Entity__c": "US"}) == 201
        changed = systems.salesforce["Account"][ACCOUNT]
        assert changed["Name"] == "Changed"
        assert changed["SystemModstamp"] > before
        assert len(systems.salesforce["Account"]) == 8

    def test_external_id_of_several_records(self, systems: Systems, connect: Callable[..., Any]) -> None:
        systems.salesforce["Order"][salesforce_id("801", 2)]["Billing_Subscription_Id__c"] = "sub_1"
        with pytest.raises(SalesforceMoreThanOneRecord):
            connect(create_app(systems)).Order.upsert("Billing_Subscription_Id__c/sub_1", {"Billing_Status__c": "Active"})

    def test_collection_upsert_reports_row_by_row(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems))
        rows = [
            {"attributes": {"type": "Account"}, "ERP_Customer_Id__c": "1001", "Name": "A"},
            {"attributes": {"type": "Account"}, "ERP_Customer_Id__c": "7777", "Billing_Account_Id__c": "cus_1"},
            {"attributes": {"type": "Account"}, "ERP_Customer_Id__c": "1002", "Nothing__c": "A"},
            {"attributes": {"type": "Account"}, "ERP_Customer_Id__c": "8888", "Name": "B"},
        ]
        body = {"allOrNone": False, "records": rows}
        found = client.restful("composite/sobjects/Account/ERP_Customer_Id__c", method="PATCH", json=body)
        assert [row["success"] for row in found] == [True, False, False, True]
        assert [row["errors"][0]["statusCode"] for row in found[1:3]] == ["DUPLICATE_VALUE", "INVALID_FIELD"]
        assert (found[0]["created"], found[3]["created"]) == (False, True)

    def test_collection_update_with_a_locked_row(self, systems: Systems, connect: Callable[..., Any]) -> None:
        app = create_app(systems)
        app.state.host.writer.lock_once.add(ACCOUNT)
        rows = [{"attributes": {"type": "Account"}, "id": ACCOUNT, "Payment_Terms__c": "NET60"}]
        client = connect(app)

        def write() -> Any:
            return client.restful("composite/sobjects", method="PATCH", json={"allOrNone": False, "records": rows})

        assert write()[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
        assert write()[0]["success"]
        assert systems.salesforce["Account"][ACCOUNT]["Payment_Terms__c"] == "NET60"

    def test_values_are_typed(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems))
        item = salesforce_id("802", 1)
        client.OrderItem.update(item, {"Quantity": 12.5, "EndDate": "2026-06-30"})
        assert systems.salesforce["OrderItem"][item]["Quantity"] == Decimal("12.5")
        with pytest.raises(SalesforceMalformedRequest, match="JSON_PARSER_ERROR"):
            client.OrderItem.update(item, {"EndDate": "soon"})

    def test_a_condition_on_the_last_change(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems))
        known = systems.salesforce["Account"][ACCOUNT]["SystemModstamp"]
        late, early = (format_datetime(known + timedelta(seconds=n), usegmt=True) for n in (0, -1))
        with pytest.raises(SalesforceGeneralError, match="PRECONDITION_FAILED"):
            client.Account.update(ACCOUNT, {"Name": "A"}, headers={"If-Unmodified-Since": early})
        assert client.Account.update(ACCOUNT, {"Name": "A"}, headers={"If-Unmodified-Since": late}) == 204

    def test_bulk_upsert_reports_failures_apart_and_backwards(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems))
        rows = [{"ERP_Customer_Id__c": f"{key}", "Billing_Account_Id__c": account} for key, account in UPSERTED]
        (job,) = client.bulk2.Account.upsert(records=rows, external_id_field="ERP_Customer_Id__c", wait=0.01)
        assert (job["numberRecordsTotal"], job["numberRecordsFailed"]) == (4, 2)
        failed = list(csv.DictReader(client.bulk2.Account.get_failed_records(job["job_id"]).splitlines()))
        assert [row["sf__Error"].split(":")[0] for row in failed] == ["DUPLICATE_VALUE", "DUPLICATE_VALUE"]
        assert [row["ERP_Customer_Id__c"] for row in failed] == ["1004", "1003"]
        assert systems.salesforce["Account"][salesforce_id("001", 2)]["Billing_Account_Id__c"] is None

    def test_a_bulk_job_is_taken_in_order(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems))
        job = client.restful("jobs/ingest", method="POST", json={"object": "Account", "operation": "update"})["id"]
        with pytest.raises(SalesforceMalformedRequest, match="INVALIDJOBSTATE"):
            client.restful(f"jobs/ingest/{job}/successfulResults")
        assert client.restful(f"jobs/ingest/{job}", method="PATCH", json={"state": "Aborted"})["state"] == "Aborted"
        with pytest.raises(SalesforceMalformedRequest, match="INVALIDJOBSTATE"):
            client.restful(f"jobs/ingest/{job}", method="PATCH", json={"state": "UploadComplete"})
        for wrong in ({"object": "Account", "operation": "hardDelete"}, {"object": "Account", "operation": "upsert"}):
            with pytest.raises(SalesforceMalformedRequest, match="INVALIDJOB"):
                client.restful("jobs/ingest", method="POST", json=wrong)

    def test_a_user_who_may_only_read(self, systems: Systems, connect: Callable[..., Any]) -> None:
        client = connect(create_app(systems, writer=Connected("other-key", "other-secret")))
        assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 7
        with pytest.raises(SalesforceRefusedRequest, match="INSUFFICIENT_ACCESS_OR_READONLY"):
            client.Account.update(ACCOUNT, {"Name": "A"})
        rows = [{"attributes": {"type": "Account"}, "id": ACCOUNT, "Name": "A"}]
        (row,) = client.restful("composite/sobjects", method="PATCH", json={"allOrNone": False, "records": rows})
        assert row["errors"][0]["statusCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"


UPSERTED = ((1002, "#N/A"), (1003, "cus_1"), (1004, "cus_1"), (9999, "cus_9"))


def test_glitches_strike_the_org(systems: Systems, connect: Callable[..., Any]) -> None:
    app = create_app(systems, page_size=3)
    client = connect(app)
    app.state.glitches.add(Glitch("expire_token", "*/query/*"))
    assert len(client.query_all("SELECT Id FROM Account")["records"]) == 7


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("10", "10.0"),
        ("-12.50", "-12.5"),
        ("9999999.99", "9999999.99"),
        ("10000000", "1.0E7"),
        ("-123456789.01", "-1.2345678901E8"),
        ("0.0005", "5.0E-4"),
        ("0.002", "0.002"),
        ("0", "0.0"),
    ],
)
def test_numbers_are_printed_like_the_service_does(value: str, printed: str) -> None:
    assert number(Decimal(value)) == printed
    assert Decimal(printed) == Decimal(value)
