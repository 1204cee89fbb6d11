"""The Salesforce reader against the served look-alike: whole deliveries in good weather and bad."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette

from q2c_pipeline.errors import SourceError, SourceUnavailableError
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.orchestration.extracting import Extraction
from q2c_pipeline.orchestration.loading import Mapped, field_map, map_batch, readings
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.salesforce.extract import SalesforceConnector, connect
from q2c_pipeline.sandbox.servers.misbehave import Glitch
from q2c_pipeline.sandbox.servers.salesforce.access import Connected
from q2c_pipeline.sandbox.servers.salesforce.app import create_app
from q2c_pipeline.sandbox.servers.salesforce.org import Org
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.systems import Misbehaviour, Systems
from q2c_pipeline_tests.sandbox.small_org import AS_OF, START, salesforce_id, small_systems

QUICK = RetryPolicy(attempts=4, first_pause=0.001, longest_pause=0.01)
CLIENT = {"consumer_key": "sandbox-consumer-key", "consumer_secret": "sandbox-consumer-secret"}
LIMIT = [{"message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
ACCOUNT = salesforce_id("001", 2)
OVERLAP = timedelta(minutes=10)


@dataclass
class Site:
    """A served org, a landing zone and a reader that connect them."""

    app: Starlette
    url: str
    landing: Landing
    credentials: dict[str, str] = field(default_factory=lambda: CLIENT)
    conventions: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def instance(self) -> Instance:
        return Instance("sf_main", "salesforce", self.url, self.credentials, self.conventions, field_overrides=self.overrides)

    @property
    def org(self) -> Org:
        org: Org = self.app.state.host.org
        return org

    @property
    def sent(self) -> list[str]:
        return [path for _, path in self.app.state.glitches.requests]

    def connect(self) -> SalesforceConnector:
        return connect(self.instance, QUICK)

    def land(self, name: str, as_of: date = AS_OF) -> Manifest:
        connector = self.connect()
        spec = next(s for s in connector.objects() if s.name == name)
        with closing(connector), closing(Extraction(self.landing, connector, self.instance, as_of, OVERLAP)) as extraction:
            return extraction.land(spec)

    def rows(self, manifest: Manifest) -> list[dict[str, Any]]:
        return self.landing.scan(manifest).collect().to_dicts()

    def map(self, manifest: Manifest) -> Mapped:
        fields = field_map(self.instance)[manifest.object_name]
        return map_batch(self.landing.scan(manifest), manifest, fields, readings(self.instance))


Open = Callable[..., Site]


@pytest.fixture
def open_site(tmp_path: Path) -> Iterator[Open]:
    running = []

    def start(systems: Systems | None = None, **options: Any) -> Site:
        app = create_app(systems or small_systems(), **{"page_size": 3} | options)
        running.append(serve(app))
        return Site(app, running[-1].url, Landing(tmp_path))

    yield start
    for server in running:
        server.stop()


def failed(manifest: Manifest) -> list[tuple[str, str, str]]:
    return [(check.name, check.expected, check.found) for check in manifest.checks if not check.is_ok]


class TestGoodWeather:
    def test_every_object_arrives_whole(self, open_site: Open) -> None:
        site = open_site()
        manifests = [site.land(spec.name) for spec in site.connect().objects()]
        assert [m.row_count for m in manifests] == [7, 1, 1, 7, 0, 0, 7, 8]
        assert [failed(m) for m in manifests] == [[]] * 8
        mapped = [site.map(m) for m in manifests]
        assert [m.rejects.height for m in mapped] == [0] * 8
        assert [m.new_fields for m in mapped] == [[]] * 8
        assert mapped[-1].tables["contract_tier"].height == 2

    def test_rest_and_bulk_deliver_the_same_rows(self, open_site: Open) -> None:
        systems = small_systems()
        systems.salesforce["Order"][salesforce_id("801", 1)]["TotalAmount"] = Decimal("12345678.90")
        systems.salesforce["Account"][ACCOUNT]["Name"] = 'Two\nlines, "quoted"'
        site = open_site(systems, bulk_page_size=3)
        for name in ("Account", "Order", "OrderItem"):
            site.conventions = {}
            by_rest = site.map(site.land(name))
            (site.landing.root / "sf_main" / name).rename(site.landing.root / f"rest_{name}")
            site.conventions = {"bulk_threshold": "1"}
            manifest = site.land(name)
            by_bulk = site.map(manifest)
            assert manifest.notes["read by"] == "Bulk API 2.0"
            assert failed(manifest) == []
            for table, frame in by_rest.tables.items():
                assert frame.drop("batch_id").equals(by_bulk.tables[table].drop("batch_id"))

    def test_large_amounts_are_landed_with_their_digits(self, open_site: Open) -> None:
        systems = small_systems()
        systems.salesforce["Opportunity"][salesforce_id("006", 1)]["Amount"] = Decimal("123456789012.34")
        site = open_site(systems)
        assert site.rows(site.land("Opportunity"))[0]["Amount"] == "123456789012.34"

    def test_money_is_summed_in_corporate_currency_only(self, open_site: Open) -> None:
        systems = small_systems()
        for number in (1, 2):
            systems.salesforce["Order"][salesforce_id("801", number)]["CurrencyIsoCode"] = "USD"
        manifest = open_site(systems).land("Order")
        assert ("sum of TotalAmount in USD", "2400.2", "2400.2") in [(c.name, c.expected, c.found) for c in manifest.checks]

    def test_an_org_with_one_currency_sums_all(self, open_site: Open) -> None:
        site = open_site(hidden_fields=frozenset({"CurrencyIsoCode"}))
        site.conventions = {"currency": "EUR"}
        manifest = site.land("Order")
        assert [(c.name, c.found) for c in manifest.checks[1:]] == [("sum of TotalAmount", "8400.7")]
        assert set(site.map(manifest).tables["contract"]["currency"]) == {"EUR"}

    def test_jwt_bearer_is_used_where_a_private_key_is_given(self, open_site: Open) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        forms = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        public = key.public_key().public_bytes(forms[0], serialization.PublicFormat.SubjectPublicKeyInfo)
        site = open_site(connected=Connected(consumer_secret="other", public_key=public.decode()))
        pem = key.private_bytes(*forms).decode()
        site.credentials = {"consumer_key": "sandbox-consumer-key", "username": "q2c@sandbox.example", "private_key": pem}
        assert site.land("Product2").row_count == 1

    def test_self_test_says_what_is_well(self, open_site: Open) -> None:
        findings = list(open_site().connect().check())
        assert [f.subject for f in findings] == ["daily API calls", *(s.name for s in open_site().connect().objects())]
        assert all(f.is_ok for f in findings)


class TestIncrements:
    def test_only_changes_are_read_again(self, open_site: Open) -> None:
        site = open_site()
        site.land("Account")
        site.org.change(site.org.records("Account")[ACCOUNT], {"Name": "Changed"})
        second = site.land("Account", AS_OF + timedelta(days=1))
        assert [row["Name"] for row in site.rows(second)] == ["Changed"]
        assert failed(second) == []

    def test_changes_after_the_cut_off_wait(self, open_site: Open) -> None:
        site = open_site()
        assert site.land("Account", START.date() - timedelta(days=1)).row_count == 0
        assert site.land("Account").row_count == 7

    def test_an_earlier_day_than_the_last_is_nothing_to_read(self, open_site: Open) -> None:
        site = open_site()
        site.land("Account")
        again = site.land("Account", AS_OF - timedelta(days=5))
        assert (again.row_count, again.checks) == (0, ())

    def test_the_recycle_bin_is_seen(self, open_site: Open) -> None:
        site = open_site()
        site.land("Account")
        site.org.delete("Account", ACCOUNT)
        second = site.land("Account", AS_OF + timedelta(days=1))
        assert [row["IsDeleted"] for row in site.rows(second)] == ["true"]
        assert {stone.source_id for stone in second.tombstones} == {ACCOUNT}
        assert failed(second) == []
        assert site.map(second).tables["account"]["is_deleted"].all()

    @pytest.mark.parametrize("threshold", ["100", "2"])
    def test_a_purged_record_is_noticed(self, threshold: str, open_site: Open) -> None:
        site = open_site()
        site.conventions = {"bulk_threshold": threshold, "compare_ids_every_days": "100000"}
        site.land("Account")
        site.org.delete("Account", ACCOUNT, purge=True)
        second = site.land("Account", AS_OF + timedelta(days=1))
        assert [stone.source_id for stone in second.tombstones] == [ACCOUNT]
        assert failed(second) == []
        assert site.land("Account", AS_OF + timedelta(days=2)).tombstones == ()

    def test_a_purged_and_a_new_record_do_not_hide_each_other_for_long(self, open_site: Open) -> None:
        site = open_site()
        site.conventions = {"compare_ids_every_days": "1"}
        site.land("Account")
        site.org.create("Account", {"Name": "New"})
        site.org.delete("Account", ACCOUNT, purge=True)
        second = site.land("Account", AS_OF + timedelta(days=1))
        assert (second.row_count, [stone.source_id for stone in second.tombstones]) == (1, [ACCOUNT])

    def test_a_gap_longer_than_the_deletion_log_is_bridged_by_ids(self, open_site: Open) -> None:
        site = open_site()
        site.conventions = {"compare_ids_every_days": "100000"}
        site.land("Account", AS_OF - timedelta(days=40))
        site.org.delete("Account", ACCOUNT, purge=True)
        second = site.land("Account")
        assert [stone.source_id for stone in second.tombstones] == [ACCOUNT]
        assert failed(second) == []


class TestBadWeather:
    @pytest.mark.parametrize(
        "glitch",
        [
            Glitch("status", "*/query*", times=2, detail={"code": 503}),
            Glitch("status", "*/query/*", times=1, detail={"code": 500}),
            Glitch("status", "*/query*", times=1, skip=1, detail={"code": 403, "body": LIMIT}),
            Glitch("reset", "*/query*", times=2),
            Glitch("reset_after", "*/query/*"),
            Glitch("expire_token", "*/query/*"),
            Glitch("status", "*/describe", times=2, detail={"code": 502}),
            Glitch("reset", "*/oauth2/token"),
            Glitch("status", "*/oauth2/token", detail={"code": 503}),
        ],
        ids=lambda g: f"{g.kind} {g.path_pattern} {g.detail.get('code', '')}",
    )
    def test_a_passing_failure_costs_repeats_only(self, glitch: Glitch, open_site: Open) -> None:
        site = open_site()
        site.app.state.glitches.add(glitch)
        manifest = site.land("Account")
        assert (manifest.row_count, failed(manifest)) == (7, [])

    @pytest.mark.parametrize("kind", ["expire_token", "reset"])
    def test_bulk_survives_too(self, kind: Any, open_site: Open) -> None:
        site = open_site(bulk_page_size=3)
        site.conventions = {"bulk_threshold": "1"}
        site.app.state.glitches.add(Glitch(kind, "*/jobs/query/*", skip=1))
        site.app.state.glitches.add(Glitch(kind, "*/results", skip=1))
        manifest = site.land("Account")
        assert (manifest.row_count, failed(manifest)) == (7, [])

    def test_a_session_that_expires_every_few_calls(self, open_site: Open) -> None:
        site = open_site(token_calls=3)
        assert [site.land(name).row_count for name in ("Account", "OrderItem")] == [7, 8]

    def test_an_expired_cursor_goes_on_where_it_stopped(self, open_site: Open) -> None:
        site = open_site()
        gone = [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}]
        site.app.state.glitches.add(Glitch("status", "*/query/*", skip=1, detail={"code": 400, "body": gone}))
        manifest = site.land("Account")
        assert (manifest.row_count, failed(manifest)) == (7, [])

    def test_a_query_that_takes_too_long_becomes_a_bulk_job(self, open_site: Open) -> None:
        site = open_site()
        slow = [{"message": "Your query request was running for too long.", "errorCode": "QUERY_TIMEOUT"}]
        site.app.state.glitches.add(Glitch("status", "*/queryAll/", skip=1, detail={"code": 400, "body": slow}))
        assert site.land("Account").row_count == 7
        assert any("/jobs/query" in path for path in site.sent)

    def test_a_lasting_failure_lands_nothing(self, open_site: Open) -> None:
        site = open_site()
        site.app.state.glitches.add(Glitch("status", "*/query/*", times=99, detail={"code": 503}))
        with pytest.raises(SourceUnavailableError, match="HTTP 503"):
            site.land("Account")
        assert site.landing.manifests() == []

    def test_a_used_up_allowance_is_told(self, open_site: Open) -> None:
        with pytest.raises(SourceUnavailableError, match="REQUEST_LIMIT_EXCEEDED"):
            open_site(daily_calls=8).land("Account")

    def test_a_failed_job_is_told(self, open_site: Open) -> None:
        site = open_site()
        site.conventions = {"bulk_threshold": "1"}
        site.app.state.host.jobs.fail_next = 1
        with pytest.raises(SourceUnavailableError, match="number of retries"):
            site.land("Account")

    def test_wrong_credentials_are_told_without_the_secret(self, open_site: Open) -> None:
        site = open_site()
        site.credentials = CLIENT | {"consumer_secret": "hush-hush"}
        with pytest.raises(SourceError, match="invalid client credentials") as refusal:
            site.land("Account")
        assert "hush" not in str(refusal.value)
        assert [(f.subject, f.is_ok) for f in site.connect().check()] == [("login", False)]

    def test_records_that_change_or_vanish_while_read_are_no_false_alarm(self, open_site: Open) -> None:
        changed, purged = salesforce_id("001", 6), salesforce_id("001", 7)

        def meddle(org: Org, name: str) -> None:
            if purged in org.records(name):
                org.delete(name, purged, purge=True)
                org.change(org.records(name)[changed], {"Name": "Too late"})

        site = open_site(between_pages=meddle)
        manifest = site.land("Account")
        assert (manifest.row_count, failed(manifest)) == (5, [])
        second = site.land("Account", AS_OF + timedelta(days=1))
        assert [row["Name"] for row in site.rows(second)] == ["Too late"]
        assert failed(second) == []


class TestBadData:
    @pytest.fixture
    def systems(self) -> Systems:
        return small_systems()

    def plant(self, systems: Systems, kind: str, name: str, **detail: Any) -> None:
        systems.misbehaviour.append(Misbehaviour("salesforce", kind, name, detail))

    def test_an_omitted_record_fails_the_count_every_night(self, systems: Systems, open_site: Open) -> None:
        self.plant(systems, "omit_record", "Account", id=ACCOUNT)
        site = open_site(systems)
        first = site.land("Account")
        assert failed(first) == [("records in the window", "7", "6")]
        second = site.land("Account", AS_OF + timedelta(days=1))
        assert failed(second) == [("records in the window", "7", "6")]
        assert second.tombstones == ()

    def test_what_left_while_a_delivery_lacked_records_is_noticed(self, systems: Systems, open_site: Open) -> None:
        self.plant(systems, "omit_record", "Account", id=ACCOUNT)
        site = open_site(systems)
        site.land("Account")
        purged = next(key for key in systems.salesforce["Account"] if key != ACCOUNT)
        del systems.salesforce["Account"][purged]
        assert [stone.source_id for stone in site.land("Account", AS_OF + timedelta(days=1)).tombstones] == [purged]

    def test_a_malformed_row_is_quarantined_alone(self, systems: Systems, open_site: Open) -> None:
        line = salesforce_id("802", 3)
        self.plant(systems, "malformed_row", "OrderItem", id=line, field="Quantity", value="ten")
        site = open_site(systems)
        manifest = site.land("OrderItem")
        mapped = site.map(manifest)
        assert failed(manifest) == []
        assert mapped.rejects.select("source_id", "field_name", "value").row(0) == (line, "Quantity", "ten")
        assert (mapped.rejects.height, mapped.tables["contract_line"].height) == (1, 7)

    @pytest.mark.parametrize("threshold", ["100", "1"])
    def test_a_new_word_is_told_as_such(self, threshold: str, systems: Systems, open_site: Open) -> None:
        self.plant(systems, "unknown_enum", "OrderItem", field="Billing_Frequency__c", value="Weekly")
        site = open_site(systems)
        site.conventions = {"bulk_threshold": threshold}
        rejects = site.map(site.land("OrderItem")).rejects
        assert rejects["is_unknown_enum"].all()
        assert set(rejects["field_name"]) == {"Billing_Frequency__c"}

    def test_a_new_column_is_landed_and_reported(self, systems: Systems, open_site: Open) -> None:
        self.plant(systems, "new_column", "Account", field="Region_Code__c", value="EMEA")
        site = open_site(systems)
        manifest = site.land("Account")
        assert site.map(manifest).new_fields == ["Region_Code__c"]
        assert {row["Region_Code__c"] for row in site.rows(manifest)} == {"EMEA"}

    def test_a_missing_column_stops_the_instance_before_anything_is_landed(self, systems: Systems, open_site: Open) -> None:
        self.plant(systems, "missing_column", "OrderItem", field="Charge_Type__c")
        site = open_site(systems)
        with pytest.raises(SourceError, match=r"OrderItem\.Charge_Type__c \(for charge_type") as refusal:
            site.land("Account")
        assert "[instances.fields.OrderItem] charge_type" in refusal.value.next_step
        assert site.landing.manifests() == []
        wrong = [f for f in site.connect().check() if not f.is_ok]
        assert [f.subject for f in wrong] == ["OrderItem"]

    def test_an_orgs_own_field_name_is_configuration(self, systems: Systems, open_site: Open) -> None:
        self.plant(systems, "missing_column", "OrderItem", field="Charge_Type__c")
        self.plant(systems, "new_column", "OrderItem", field="Kind_Of_Charge__c", value="Recurring")
        site = open_site(systems)
        site.overrides = {"OrderItem": {"charge_type": "Kind_Of_Charge__c"}}
        mapped = site.map(site.land("OrderItem"))
        assert mapped.tables["contract_line"]["charge_type"].unique().to_list() == ["recurring"]
        assert mapped.new_fields == []

    def test_an_optional_field_reads_as_empty_and_is_noted(self, systems: Systems, open_site: Open) -> None:
        self.plant(systems, "missing_column", "OrderItem", field="Ramp_Segment__c")
        site = open_site(systems)
        manifest = site.land("OrderItem")
        assert manifest.notes["read as empty"] == "ramp_segment"
        assert site.map(manifest).tables["contract_line"].select(pl.col("ramp_segment").is_null().all()).item()
