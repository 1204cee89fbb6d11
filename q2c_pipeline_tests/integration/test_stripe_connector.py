"""The Stripe reader against the served look-alike: complete first loads, nightly changes, bad weather, bad records."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import stripe
from starlette.applications import Starlette

from q2c_pipeline.errors import SourceError, SourceUnavailableError
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.orchestration.extracting import Extraction
from q2c_pipeline.orchestration.loading import Mapped, field_map, map_batch, readings
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.platforms.stripe.client import StripeClient
from q2c_pipeline.platforms.stripe.extract import StripeConnector, connect
from q2c_pipeline.sandbox.servers.misbehave import Glitch
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.servers.stripe.app import create_app
from q2c_pipeline.sandbox.systems import Misbehaviour, Systems
from q2c_pipeline_tests.sandbox.small_shop import AS_OF, INVOICES, LONG_INVOICE, LONG_LINES, at, small_shop

QUICK = RetryPolicy(attempts=4, first_pause=0.001, longest_pause=0.01)
KEY = "rk_test_sandbox"
OVERLAP = timedelta(minutes=10)
NEXT_DAY = AS_OF + timedelta(days=1)


@dataclass
class Site:
    """A served account, a landing zone and the instance that connects them."""

    systems: Systems
    app: Starlette
    url: str
    landing: Landing
    key: str = KEY

    @property
    def instance(self) -> Instance:
        return Instance("stripe_main", "stripe", self.url, {"api_key": self.key})

    def glitch(self, kind: Any, path: str = "*", times: int = 1, skip: int = 0, **detail: Any) -> None:
        self.app.state.glitches.add(Glitch(kind, path, times, skip, detail))

    def night(self, as_of: date = AS_OF, only: set[str] | None = None) -> tuple[dict[str, Manifest], StripeConnector]:
        """Land all objects (or some) as the nightly run does."""
        self.systems.as_of = as_of
        connector = connect(self.instance, QUICK)
        landed: dict[str, Manifest] = {}
        with closing(connector), closing(Extraction(self.landing, connector, self.instance, as_of, OVERLAP)) as extraction:
            for spec in connector.objects():
                if only is None or spec.name in only:
                    landed[spec.name] = extraction.land(spec)
        return landed, connector

    def rows(self, manifest: Manifest) -> dict[str, dict[str, Any]]:
        frame = self.landing.scan(manifest).collect()
        return {row["id"] if "id" in row else row["request.key"]: row for row in frame.to_dicts()}

    def mapped(self, manifest: Manifest) -> Mapped:
        fields = field_map(self.instance)[manifest.object_name]
        return map_batch(self.landing.scan(manifest), manifest, fields, readings(self.instance))

    def client(self) -> stripe.StripeClient:
        return stripe.StripeClient(self.key, base_addresses={"api": self.url})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    systems = small_shop()
    app = create_app(systems, api_key=KEY)
    with serve(app) as running:
        yield Site(systems, app, running.url, Landing(tmp_path))


def stones(manifest: Manifest) -> list[str]:
    return [stone.source_id for stone in manifest.tombstones]


# --- the first load ---


def test_first_load_lands_everything_and_proves_it(site: Site) -> None:
    landed, _ = site.night()
    tables = site.systems.stripe
    renamed = {name: name for name in landed} | {"meter_event_summary": "meter_event_summary"}
    counts = {name: manifest.row_count for name, manifest in landed.items() if name != "meter_event_summary"}
    assert counts == {name: len(tables[renamed[name]]) for name in counts}
    assert all(check.is_ok for manifest in landed.values() for check in manifest.checks)
    assert {check.name for check in landed["invoice_line"].checks} == {"net of lines in minor units of usd"}


def test_first_load_maps_without_a_remark(site: Site) -> None:
    landed, _ = site.night()
    results = [site.mapped(manifest) for manifest in landed.values()]
    assert [result.rejects.to_dicts() for result in results if result.rejects.height] == []
    assert [result.new_fields for result in results if result.new_fields] == []


def test_no_needed_column_is_missing(site: Site) -> None:
    landed, connector = site.night()
    missing = {n: set(connector.fields[n].required()) - set(m.columns) for n, m in landed.items() if m.row_count}
    assert {name: gone for name, gone in missing.items() if gone} == {}


def test_lists_inside_objects_are_read_to_their_end(site: Site) -> None:
    landed, _ = site.night()
    lines = site.rows(landed["invoice_line"])
    assert sum(line["invoice"] == LONG_INVOICE for line in lines.values()) == LONG_LINES
    assert len(site.rows(landed["subscription_item"])) == 12


def test_archived_prices_and_tiers_come_along(site: Site) -> None:
    landed, _ = site.night()
    prices = site.rows(landed["price"])
    assert (prices["price_old"]["active"], prices["price_calls"]["tiers"][:14]) == ("false", '[{"flat_amount')


def test_usage_comes_by_customer_and_month(site: Site) -> None:
    landed, _ = site.night()
    usage = site.mapped(landed["meter_event_summary"]).tables["usage"].sort("usage_start_date")
    assert usage["quantity"].cast(pl.String).to_list() == ["1000.50000000", "2000.50000000", "3000.50000000"]
    assert usage["usage_end_date"].to_list() == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]


def test_long_lists_are_cut_by_time_without_gap_or_overlap(site: Site) -> None:
    model = site.systems.stripe["charge"]["ch_a"]
    for number in range(1500):
        moment = at("2024-01-01") + timedelta(hours=number * number % 17000)
        site.systems.stripe["charge"][f"ch_{number}"] = {**model, "id": f"ch_{number}", "created": moment}
    connector = connect(site.instance, QUICK)
    client: StripeClient = connector._client  # noqa: SLF001
    pages = client.sweep("/v1/charges", {}, None, at("2026-04-01"), lambda page: [one["id"] for one in page])
    found = [one for page in pages for one in page]
    assert (len(found), set(found)) == (1502, set(site.systems.stripe["charge"]))
    bounded = client.sweep("/v1/charges", {}, at("2025-01-01"), at("2025-07-01"), len)
    inside = [c for c in site.systems.stripe["charge"].values() if at("2025-01-01") <= c["created"] < at("2025-07-01")]
    assert sum(bounded) == len(inside) > 100


def test_what_is_made_after_the_cut_off_stays_out(site: Site) -> None:
    late = {**deepcopy(site.systems.stripe["invoice"]["in_001"]), "id": "in_late", "created": at("2026-04-01")}
    site.systems.stripe["invoice"]["in_late"] = late
    landed, _ = site.night()
    assert landed["invoice"].row_count == INVOICES


# --- the nights after ---


def test_a_night_reads_changes_and_what_is_still_open(site: Site) -> None:
    site.night()
    site.systems.as_of = NEXT_DAY
    client = site.client()
    client.v1.customers.update("cus_b", {"metadata": {"account_number": "AC-9"}})
    client.v1.invoices.update("in_000", {"metadata": {"legal_entity": "UK"}})
    note = client.v1.credit_notes.create({"invoice": "in_002", "amount": 100, "metadata": {"legal_entity": "US"}})
    client.v1.credit_notes.void_credit_note("cn_a")
    landed, _ = site.night(NEXT_DAY)
    assert list(site.rows(landed["customer"])) == ["cus_b"]
    assert set(site.rows(landed["credit_note"])) == {note.id, "cn_a"}
    assert site.rows(landed["credit_note"])["cn_a"]["status"] == "void"
    invoices = site.rows(landed["invoice"])
    assert len(invoices) == INVOICES
    assert invoices["in_000"]["metadata.legal_entity"] == "UK"
    assert (landed["product"].row_count, landed["price"].row_count, landed["charge"].row_count) == (0, 0, 0)
    assert all(check.is_ok for manifest in landed.values() for check in manifest.checks)


def test_a_paid_invoice_is_not_read_again(site: Site) -> None:
    site.night()
    landed, _ = site.night(NEXT_DAY)
    assert "in_000" not in site.rows(landed["invoice"])
    assert landed["subscription"].row_count == 1


def test_a_later_version_of_a_record_sorts_after_the_former(site: Site) -> None:
    first, _ = site.night()
    second, _ = site.night()
    before, after = (site.mapped(night["invoice"]).tables["invoice"] for night in (first, second))
    versions = [frame.select("source_version", "as_of", "batch_id").row(0) for frame in (before, after)]
    assert versions[0] < versions[1]


def test_a_deleted_draft_leaves_a_tombstone(site: Site) -> None:
    draft = site.client().v1.invoices.create({"customer": "cus_a"})
    site.night()
    site.systems.as_of = NEXT_DAY
    site.client().v1.invoices.delete(draft.id)
    landed, _ = site.night(NEXT_DAY)
    assert stones(landed["invoice"]) == [draft.id]
    gone = site.mapped(landed["invoice"]).tables["invoice"].filter(pl.col("is_deleted"))
    assert gone["source_id"].to_list() == [draft.id]


def test_a_line_taken_off_a_draft_leaves_a_tombstone(site: Site) -> None:
    site.night()
    event = {
        "id": "evt_lines",
        "type": "invoice.updated",
        "created": at("2026-04-01"),
        "data": {
            "object": deepcopy(site.systems.stripe["invoice"]["in_023"]),
            "previous_attributes": {"lines": {"object": "list", "data": [{"id": "il_023_00"}, {"id": "il_removed"}]}},
        },
    }
    site.systems.stripe["event"]["evt_lines"] = event
    landed, _ = site.night(NEXT_DAY)
    assert stones(landed["invoice_line"]) == ["il_removed"]


def test_after_a_month_of_silence_everything_is_read_and_compared(site: Site) -> None:
    site.night()
    late = AS_OF + timedelta(days=40)
    site.systems.stripe["customer"]["cus_b"]["deleted"] = True
    del site.systems.stripe["subscription_item"]["si_03"]
    landed, _ = site.night(late)
    assert (landed["customer"].notes["read"], stones(landed["customer"])) == ("everything", ["cus_b"])
    assert stones(landed["subscription_item"]) == ["si_03"]
    assert landed["invoice"].row_count == INVOICES
    assert all(check.is_ok for manifest in landed.values() for check in manifest.checks)


def test_a_record_that_lists_leave_out_is_missed(site: Site) -> None:
    site.night()
    site.app.state.store.systems.misbehaviour.append(Misbehaviour("stripe", "omit_record", "refund", {"id": "re_a"}))
    with serve(create_app(site.systems, api_key=KEY)) as running:
        site.url = running.url
        landed, _ = site.night(AS_OF + timedelta(days=40))
    assert [check.is_ok for check in landed["refund"].checks] == [True, False]
    assert list(site.rows(landed["refund"])) == ["re_a"]
    assert stones(landed["refund"]) == []


def test_a_line_that_its_list_leaves_out_is_missed(site: Site) -> None:
    site.systems.misbehaviour.append(Misbehaviour("stripe", "omit_record", "invoice_line", {"id": "il_024_11"}))
    with serve(create_app(site.systems, api_key=KEY)) as running:
        site.url = running.url
        landed, _ = site.night()
    (check,) = landed["invoice_line"].checks
    assert (check.is_ok, int(check.expected) - int(check.found)) == (False, 1000)


def test_a_run_that_broke_off_between_header_and_lines_is_made_good(site: Site) -> None:
    site.night(only={"invoice"})
    landed, _ = site.night(NEXT_DAY)
    assert landed["invoice_line"].row_count == len(site.systems.stripe["invoice_line"])
    assert all(check.is_ok for check in landed["invoice_line"].checks)


def test_lines_can_be_read_without_their_headers(site: Site) -> None:
    landed, _ = site.night(only={"credit_note_line", "meter_event_summary"})
    assert {name: manifest.row_count for name, manifest in landed.items()} == {"credit_note_line": 1, "meter_event_summary": 3}


def test_a_credit_line_without_dates_takes_the_credited_lines_period(site: Site) -> None:
    site.systems.stripe["credit_note_line"]["cnli_a"]["metadata"] = {}
    landed, _ = site.night()
    line = site.mapped(landed["credit_note_line"]).tables["invoice_line"].row(0, named=True)
    assert (line["service_start_date"], line["service_end_date"]) == (date(2026, 3, 1), date(2026, 3, 31))


# --- bad weather ---


def stormy(site: Site) -> None:
    site.glitch("status", "/v1/invoices*", times=2, code=429, headers={"Retry-After": "0"})
    site.glitch("status", "/v1/charges", times=2, code=429)
    site.glitch("status", "/v1/customers", code=500, body="<html>oops</html>")
    site.glitch("reset", "/v1/subscription*", times=2)
    site.glitch("reset_after", "/v1/billing/meters/*", times=2, skip=1)
    site.glitch("status", "/v1/credit_notes", code=503, headers={"Retry-After": "0"})


def test_bad_weather_changes_nothing_but_the_number_of_requests(site: Site, tmp_path: Path) -> None:
    calm, _ = site.night()
    site.landing = Landing(tmp_path / "storm")
    stormy(site)
    storm, connector = site.night()
    assert {n: m.sha256 for n, m in storm.items()} == {n: m.sha256 for n, m in calm.items()}
    assert connector.log.retries == 10


def test_retry_after_is_obeyed(site: Site) -> None:
    site.glitch("status", "/v1/products", code=429, headers={"Retry-After": "1"})
    client: StripeClient = connect(site.instance, QUICK)._client  # noqa: SLF001
    start = time.monotonic()
    client.drain("/v1/products")
    assert time.monotonic() - start >= 1


def test_a_source_that_stays_down_is_named_and_lands_nothing(site: Site) -> None:
    site.glitch("status", "/v1/invoices", times=50, code=503)
    with pytest.raises(SourceUnavailableError, match=r"GET .*/v1/invoices"):
        site.night(only={"invoice"})
    assert site.landing.latest("stripe_main", "invoice") is None


def test_a_wrong_key_is_not_tried_for_long(site: Site) -> None:
    site.key = "rk_test_wrong"
    with pytest.raises(SourceError, match="check the credential"):
        site.night()


@pytest.mark.parametrize("body", ["<html>sign in</html>", [], {"data": []}, {"data": [{"object": "x"}], "has_more": False}])
def test_an_answer_that_is_not_stripes_is_refused(site: Site, body: Any) -> None:
    site.glitch("status", "/v1/products", code=200, body=body)
    with pytest.raises(SourceError, match="a proxy in between"):
        site.night(only={"product"})


# --- bad records ---


def planted(*faults: tuple[str, str, dict[str, Any]]) -> Callable[[Site], None]:
    def plant(site: Site) -> None:
        site.systems.misbehaviour += [Misbehaviour("stripe", kind, name, detail) for kind, name, detail in faults]

    return plant


@pytest.mark.parametrize(
    ("plant", "object_name", "reasons"),
    [
        (
            planted(("malformed_row", "charge", {"id": "ch_a", "field": "created", "value": "yesterday"})),
            "charge",
            ["created: expected a whole number, found 'yesterday'"],
        ),
        (
            planted(("malformed_row", "refund", {"id": "re_a", "field": "amount", "value": "five"})),
            "refund",
            ["amount: expected a whole number, found 'five'"],
        ),
        (
            planted(("unknown_enum", "charge", {"id": "ch_b", "field": "status", "value": "frozen"})),
            "charge",
            ["status: expected one of the mapped words, found 'frozen'"],
        ),
        (
            planted(("malformed_row", "invoice", {"id": "in_003", "field": "total", "value": "lots"})),
            "invoice",
            ["total: expected a whole number, found 'lots'"],
        ),
    ],
)
def test_a_bad_record_is_quarantined_and_the_others_go_on(
    site: Site, plant: Callable[[Site], None], object_name: str, reasons: list[str]
) -> None:
    plant(site)
    with serve(create_app(site.systems, api_key=KEY)) as running:
        site.url = running.url
        landed, _ = site.night(only={object_name})
    result = site.mapped(landed[object_name])
    (table,) = result.tables.values()
    assert [row["reason"].split(": ", 1)[1] for row in result.rejects.to_dicts()] == [r.split(": ", 1)[1] for r in reasons]
    assert table.height == landed[object_name].row_count - 1


def test_a_field_that_nobody_knows_is_reported(site: Site) -> None:
    planted(("new_column", "charge", {"field": "risk_region", "value": "north"}))(site)
    with serve(create_app(site.systems, api_key=KEY)) as running:
        site.url = running.url
        landed, _ = site.night(only={"charge"})
    assert site.mapped(landed["charge"]).new_fields == ["risk_region"]


# --- the self-test ---


def test_the_self_test_finds_an_account_well(site: Site) -> None:
    findings = list(connect(site.instance, QUICK).check())
    assert [finding for finding in findings if not finding.is_ok] == []
    assert len(findings) == 10


def test_the_self_test_names_what_is_wrong(site: Site) -> None:
    planted(("missing_column", "charge", {"field": "amount"}))(site)
    with serve(create_app(site.systems, api_key=KEY)) as running:
        site.url = running.url
        findings = {f.subject: f for f in connect(site.instance, QUICK).check()}
        site.key = "rk_test_wrong"
        refused = next(iter(connect(site.instance, QUICK).check()))
    assert (findings["/v1/charges"].is_ok, findings["/v1/charges"].says) == (False, "lacks amount")
    assert (refused.is_ok, "credential" in refused.next_step) == (False, True)
