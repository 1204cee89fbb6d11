"""The Stripe look-alike, driven by the vendor's own client and measured against the documented shapes."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import stripe

from q2c_pipeline.sandbox.company import build
from q2c_pipeline.sandbox.servers.misbehave import Glitch
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.servers.stripe.app import create_app
from q2c_pipeline.sandbox.systems import Misbehaviour
from q2c_pipeline_tests.sandbox.small_shop import INVOICES, LONG_INVOICE, LONG_LINES, at, small_shop
from q2c_pipeline_tests.sandbox.stripe_shapes import problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from q2c_pipeline.sandbox.servers.serving import Running
    from q2c_pipeline.sandbox.systems import Systems

READ_KEY, WRITE_KEY = "rk_test_read", "rk_test_write"
VERSION = "2026-10-28.endive"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serve(create_app(small_shop(), api_key=READ_KEY, write_key=WRITE_KEY)) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Running) -> stripe.StripeClient:
    return stripe.StripeClient(WRITE_KEY, base_addresses={"api": server.url}, max_network_retries=0)


@pytest.fixture(scope="module")
def http(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {WRITE_KEY}"}) as session:
        yield session


def get(http: httpx.Client, path: str, **params: Any) -> dict[str, Any]:
    answer = http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


# --- who may ask ---


def test_unknown_key_is_refused(server: Running) -> None:
    answer = httpx.get(f"{server.url}/v1/customers", headers={"Authorization": "Bearer sk_wrong"})
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_key_as_basic_user_name_is_accepted(server: Running) -> None:
    assert httpx.get(f"{server.url}/v1/customers", auth=(READ_KEY, "")).status_code == 200


def test_read_key_may_not_write(server: Running) -> None:
    answer = httpx.post(f"{server.url}/v1/customers/cus_a", auth=(READ_KEY, ""), data={"name": "x"})
    assert answer.status_code == 403


def test_answers_name_request_and_version(http: httpx.Client) -> None:
    answer = http.get("/v1/customers", headers={"Stripe-Version": VERSION})
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == VERSION
    assert http.get("/v1/customers", headers={"Stripe-Version": "2020-01-01"}).status_code == 400


# --- lists ---


def test_official_client_pages_through_all_invoices(client: stripe.StripeClient) -> None:
    ids = [one.id for one in client.v1.invoices.list({"limit": 7}).auto_paging_iter()]
    assert ids == [f"in_{number:03d}" for number in reversed(range(INVOICES))]


def test_default_page_holds_ten(http: httpx.Client) -> None:
    page = get(http, "/v1/invoices")
    assert (page["object"], page["url"], len(page["data"]), page["has_more"]) == ("list", "/v1/invoices", 10, True)


def test_paging_backwards_keeps_newest_first(http: httpx.Client) -> None:
    page = get(http, "/v1/invoices", limit=3, ending_before="in_010")
    assert [one["id"] for one in page["data"]] == ["in_013", "in_012", "in_011"]
    assert page["has_more"]


def test_created_bounds_select(http: httpx.Client) -> None:
    day = [int(at(f"2026-02-{day}").timestamp()) for day in (22, 24)]
    half_open = get(http, "/v1/invoices", **{"created[gte]": day[0], "created[lt]": day[1]})
    closed = get(http, "/v1/invoices", **{"created[gt]": day[0], "created[lte]": day[1]})
    assert [one["id"] for one in half_open["data"]] == ["in_003", "in_002"]
    assert [one["id"] for one in closed["data"]] == ["in_004", "in_003"]


@pytest.mark.parametrize(
    ("path", "params", "ids"),
    [
        ("/v1/subscriptions", {}, ["sub_a"]),
        ("/v1/subscriptions", {"status": "all"}, ["sub_old", "sub_a"]),
        ("/v1/subscriptions", {"status": "canceled"}, ["sub_old"]),
        ("/v1/prices", {}, ["price_calls", "price_seat"]),
        ("/v1/prices", {"active": "false"}, ["price_old"]),
        ("/v1/prices", {"recurring[meter]": "mtr_calls"}, ["price_calls"]),
        ("/v1/invoices", {"status": "draft"}, ["in_023"]),
        ("/v1/invoices", {"status": "open", "customer": "cus_b", "limit": 2}, ["in_020", "in_015"]),
        ("/v1/invoices", {"subscription": "sub_none"}, []),
        ("/v1/refunds", {"charge": "ch_b"}, ["re_a"]),
        ("/v1/invoice_payments", {"payment[type]": "payment_intent", "payment[payment_intent]": "pi_a"}, ["inpay_a"]),
        ("/v1/events", {}, ["evt_new"]),
        ("/v1/events", {"types[]": ["invoice.updated", "invoice.paid"]}, ["evt_new"]),
        ("/v1/events", {"type": "invoice.paid"}, []),
    ],
)
def test_documented_filters_and_their_defaults(http: httpx.Client, path: str, params: dict[str, Any], ids: list[str]) -> None:
    assert [one["id"] for one in get(http, path, **params)["data"]] == ids


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/invoices", {"limit": 101}),
        ("/v1/invoices", {"limit": "many"}),
        ("/v1/invoices", {"starting_after": "in_404"}),
        ("/v1/invoices", {"starting_after": "in_001", "ending_before": "in_002"}),
        ("/v1/invoices", {"updated[gte]": 1}),
        ("/v1/invoices", {"expand[]": "nothing"}),
        ("/v1/invoices", {"expand[]": "data.parent.subscription_details.subscription.customer"}),
        ("/v1/subscription_items", {}),
    ],
)
def test_wrong_calls_are_explained(http: httpx.Client, path: str, params: dict[str, Any]) -> None:
    answer = http.get(path, params=params)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_unknown_record_and_address_are_404(http: httpx.Client) -> None:
    assert http.get("/v1/invoices/in_404").json()["error"]["code"] == "resource_missing"
    assert http.get("/v1/unicorns").status_code == 404


# --- parts of objects ---


def test_long_invoice_embeds_ten_lines_and_pages_the_rest(client: stripe.StripeClient) -> None:
    invoice = client.v1.invoices.retrieve(LONG_INVOICE)
    assert (len(invoice.lines.data), invoice.lines.has_more) == (10, True)
    assert len(list(invoice.lines.auto_paging_iter())) == LONG_LINES


def test_subscription_items_page_by_their_own_address(http: httpx.Client) -> None:
    items = get(http, "/v1/subscriptions/sub_a")["items"]
    assert (len(items["data"]), items["has_more"]) == (10, True)
    assert items["url"] == "/v1/subscription_items?subscription=sub_a"
    rest = get(http, items["url"] + "&starting_after=si_09&limit=100")
    assert [one["id"] for one in rest["data"]] == ["si_10", "si_11"]
    assert rest["data"][1]["price"]["recurring"]["meter"] == "mtr_calls"
    assert "quantity" not in rest["data"][1]


def test_credit_note_lines(http: httpx.Client) -> None:
    (line,) = get(http, "/v1/credit_notes/cn_a/lines")["data"]
    assert (line["id"], line["metadata"]["service_end"]) == ("cnli_a", "2026-03-31")
    assert "credit_note" not in line


def test_tiers_come_only_when_expanded(http: httpx.Client) -> None:
    assert "tiers" not in get(http, "/v1/prices/price_calls")
    shown = get(http, "/v1/prices", **{"expand[]": "data.tiers", "recurring[meter]": "mtr_calls"})["data"][0]
    assert [(tier["up_to"], tier["unit_amount_decimal"]) for tier in shown["tiers"]] == [(1000, "0"), (None, "0.5")]


def test_expanding_references(client: stripe.StripeClient) -> None:
    (invoice,) = client.v1.invoices.list(
        {"limit": 1, "expand": ["data.customer", "data.payments", "data.parent.subscription_details.subscription"]}
    ).data
    shown = invoice.to_dict()
    assert shown["customer"]["name"] == "Alpha"
    assert shown["parent"]["subscription_details"]["subscription"]["items"]["has_more"]
    assert shown["payments"]["data"] == []


def test_usage_is_summed_over_the_window(http: httpx.Client) -> None:
    window = {"customer": "cus_a", "start_time": int(at("2026-01-01").timestamp()), "end_time": int(at("2026-03-01").timestamp())}
    total = get(http, "/v1/billing/meters/mtr_calls/event_summaries", **window)["data"]
    assert [one["aggregated_value"] for one in total] == [3001]
    days = get(http, "/v1/billing/meters/mtr_calls/event_summaries", **window, value_grouping_window="day")["data"]
    assert [one["aggregated_value"] for one in days] == [2000.5, 1000.5]
    assert http.get("/v1/billing/meters/mtr_calls/event_summaries").status_code == 400


# --- what goes wrong on purpose ---


@pytest.fixture
def systems() -> Systems:
    return small_shop()


def test_planted_faults_show(systems: Systems) -> None:
    systems.misbehaviour += [
        Misbehaviour("stripe", "omit_record", "refund", {"id": "re_a"}),
        Misbehaviour("stripe", "malformed_row", "charge", {"id": "ch_a", "field": "created", "value": "yesterday"}),
        Misbehaviour("stripe", "unknown_enum", "charge", {"id": "ch_b", "field": "status", "value": "frozen"}),
        Misbehaviour("netsuite", "missing_column", "charge", {"field": "status"}),
    ]
    with serve(create_app(systems, api_key=READ_KEY)) as running:
        session = httpx.Client(base_url=running.url, auth=(READ_KEY, ""))
        assert get(session, "/v1/refunds")["data"] == []
        charges = {one["id"]: one for one in get(session, "/v1/charges")["data"]}
    assert (charges["ch_a"]["created"], charges["ch_b"]["status"]) == ("yesterday", "frozen")


def test_planned_refusal_strikes_once(systems: Systems) -> None:
    app = create_app(systems, api_key=READ_KEY)
    app.state.glitches.add(Glitch("status", "/v1/invoices", detail={"code": 429, "headers": {"Retry-After": "1"}}))
    with serve(app) as running:
        codes = [httpx.get(f"{running.url}/v1/invoices", auth=(READ_KEY, "")).status_code for _ in range(2)]
    assert codes == [429, 200]


# --- documented shapes ---


LISTED = [
    *("customers", "products", "prices", "subscriptions", "invoices", "invoiceitems", "credit_notes", "invoice_payments"),
    *("charges", "payment_intents", "refunds", "events", "tax_rates", "coupons", "billing/meters"),
]


@pytest.mark.parametrize("name", LISTED)
def test_lists_have_the_documented_shape(http: httpx.Client, name: str) -> None:
    assert problems(f"/v1/{name}", get(http, f"/v1/{name}", limit=100)) == []


def test_sublists_have_the_documented_shape(http: httpx.Client) -> None:
    assert problems("/v1/invoices/{invoice}/lines", get(http, f"/v1/invoices/{LONG_INVOICE}/lines")) == []
    assert problems("/v1/credit_notes/{credit_note}/lines", get(http, "/v1/credit_notes/cn_a/lines")) == []
    assert problems("/v1/subscription_items", get(http, "/v1/subscription_items", subscription="sub_a")) == []
    window = {"customer": "cus_a", "start_time": 0, "end_time": 1790000040}
    summaries = get(http, "/v1/billing/meters/mtr_calls/event_summaries", **window)
    assert problems("/v1/billing/meters/{id}/event_summaries", summaries) == []


def test_expanded_invoice_has_the_documented_shape(http: httpx.Client) -> None:
    paths = ["customer", "payments.data", "parent.subscription_details.subscription"]
    assert problems("/v1/invoices/{invoice}", get(http, "/v1/invoices/in_000", **{"expand[]": paths})) == []


def test_the_acting_companys_records_have_the_documented_shape() -> None:
    systems = build(7, accounts=12, months=13, as_of=date(2026, 6, 30))
    with serve(create_app(systems, api_key=READ_KEY)) as running, httpx.Client(base_url=running.url, auth=(READ_KEY, "")) as http:
        found = {name: problems(f"/v1/{name}", get(http, f"/v1/{name}", limit=100)) for name in LISTED}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_a_page_of_hundred_invoices_is_quick(systems: Systems) -> None:
    invoice, line = systems.stripe["invoice"]["in_001"], systems.stripe["invoice_line"]["il_001_00"]
    for number in range(2000):
        systems.stripe["invoice"][f"in_x{number}"] = {**invoice, "id": f"in_x{number}"}
        systems.stripe["invoice_line"][f"il_x{number}"] = {**line, "id": f"il_x{number}", "invoice": f"in_x{number}"}
    with serve(create_app(systems, api_key=READ_KEY)) as running, httpx.Client(base_url=running.url, auth=(READ_KEY, "")) as http:
        get(http, "/v1/invoices", limit=100)
        start = time.process_time()  # of this process, both ends: what others do on this machine does not count
        for _ in range(10):
            get(http, "/v1/invoices", limit=100)
        assert (time.process_time() - start) / 10 < 0.2
