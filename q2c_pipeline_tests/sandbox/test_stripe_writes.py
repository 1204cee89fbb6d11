"""Writes to the Stripe look-alike: idempotency, metadata, drafts, credit notes, and the events they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
import stripe

from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.servers.stripe.app import create_app
from q2c_pipeline_tests.sandbox.small_shop import small_shop
from q2c_pipeline_tests.sandbox.stripe_shapes import problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from q2c_pipeline.sandbox.servers.serving import Running
    from q2c_pipeline.sandbox.systems import Systems

READ_KEY, WRITE_KEY = "rk_test_read", "rk_test_write"


@pytest.fixture
def systems() -> Systems:
    return small_shop()


@pytest.fixture
def server(systems: Systems) -> Iterator[Running]:
    with serve(create_app(systems, api_key=READ_KEY, write_key=WRITE_KEY)) as running:
        yield running


@pytest.fixture
def client(server: Running) -> stripe.StripeClient:
    return stripe.StripeClient(WRITE_KEY, base_addresses={"api": server.url}, max_network_retries=0)


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {WRITE_KEY}"}) as session:
        yield session


def test_metadata_merges_and_an_event_tells(client: stripe.StripeClient, systems: Systems) -> None:
    shown = client.v1.customers.update("cus_a", {"metadata": {"salesforce_account_id": "001New", "account_number": ""}})
    assert shown.to_dict()["metadata"] == {"salesforce_account_id": "001New"}
    assert systems.stripe["customer"]["cus_a"]["metadata"] == {"salesforce_account_id": "001New"}
    (event,) = client.v1.events.list({"type": "customer.updated"}).data
    assert event.to_dict()["data"]["previous_attributes"]["metadata"]["account_number"] == "AC-Alpha"
    assert event.data.object["metadata"]["salesforce_account_id"] == "001New"


def test_same_update_twice_is_one_event(client: stripe.StripeClient) -> None:
    for _ in range(2):
        client.v1.subscription_items.update("si_00", {"metadata": {"contract_line": "ORD-9/1"}})
    assert [event.type for event in client.v1.events.list({"limit": 5}).data][:2] == [
        "customer.subscription.updated",
        "invoice.updated",
    ]


def test_item_quantity_changes_only_without_proration(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="prorate"):
        client.v1.subscription_items.update("si_00", {"quantity": 3})
    item = client.v1.subscription_items.update("si_00", {"quantity": 3, "proration_behavior": "none"})
    assert item.quantity == 3


def test_canceled_subscription_takes_metadata_only(client: stripe.StripeClient) -> None:
    assert client.v1.subscriptions.update("sub_old", {"metadata": {"legal_entity": "UK"}}).metadata["legal_entity"] == "UK"
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        client.v1.subscriptions.update("sub_old", {"days_until_due": 3})


def test_idempotency_key_replays_and_protects(http: httpx.Client, systems: Systems) -> None:
    headers = {"Idempotency-Key": "key-1"}
    body = {"customer": "cus_a", "amount": "-500", "currency": "usd"}
    first = http.post("/v1/invoiceitems", data=body, headers=headers)
    again = http.post("/v1/invoiceitems", data=body, headers=headers)
    other = http.post("/v1/invoiceitems", data={**body, "amount": "-600"}, headers=headers)
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    assert len(systems.stripe["invoiceitem"]) == 1


def test_refused_write_does_not_use_up_its_key(http: httpx.Client) -> None:
    headers = {"Idempotency-Key": "key-2"}
    assert http.post("/v1/invoiceitems", data={"customer": "cus_none"}, headers=headers).status_code == 400
    good = {"customer": "cus_a", "amount": "5"}
    assert http.post("/v1/invoiceitems", data=good, headers=headers).status_code == 200


def test_write_whose_answer_was_lost_happens_once(server: Running, systems: Systems) -> None:
    app_glitch = {"kind": "reset_after", "path_pattern": "POST /v1/invoiceitems"}
    assert httpx.post(f"{server.url}/_sandbox/glitches", json=app_glitch).status_code == 204
    client = stripe.StripeClient(WRITE_KEY, base_addresses={"api": server.url}, max_network_retries=2)
    item = client.v1.invoice_items.create({"customer": "cus_a", "amount": -500, "currency": "usd"})
    assert list(systems.stripe["invoiceitem"]) == [item.id]


def test_life_of_a_correction_draft(client: stripe.StripeClient) -> None:
    item = client.v1.invoice_items.create({"customer": "cus_a", "amount": 1000, "currency": "usd", "tax_rates": ["txr_us"]})
    draft = client.v1.invoices.create(
        {
            "customer": "cus_a",
            "auto_advance": False,
            "pending_invoice_items_behavior": "include",
            "metadata": {"legal_entity": "US"},
        }
    )
    assert (draft.status, draft.subtotal, draft.total, draft.number) == ("draft", 1000, 1083, None)
    assert client.v1.invoice_items.retrieve(item.id).invoice == draft.id
    final = client.v1.invoices.finalize_invoice(draft.id)
    assert (final.status, final.number) == ("open", "INV-US-000025")
    with pytest.raises(stripe.InvalidRequestError, match="draft"):
        client.v1.invoices.delete(draft.id)
    assert client.v1.invoices.void_invoice(draft.id).status == "void"


def test_deleting_a_draft_frees_its_items(client: stripe.StripeClient) -> None:
    item = client.v1.invoice_items.create({"customer": "cus_a", "amount": 1000, "currency": "usd"})
    draft = client.v1.invoices.create({"customer": "cus_a", "pending_invoice_items_behavior": "include"})
    assert client.v1.invoices.delete(draft.id).deleted
    assert [one.id for one in client.v1.invoice_items.list({"pending": True}).data] == [item.id]
    assert client.v1.invoice_items.delete(item.id).deleted
    assert client.v1.events.list({"type": "invoice.deleted"}).data[0].data.object["id"] == draft.id


def test_item_on_a_draft_moves_its_totals(client: stripe.StripeClient) -> None:
    draft = client.v1.invoices.create({"customer": "cus_a"})
    item = client.v1.invoice_items.create({"customer": "cus_a", "invoice": draft.id, "amount": 700, "currency": "usd"})
    assert client.v1.invoices.retrieve(draft.id).total == 700
    client.v1.invoice_items.delete(item.id)
    assert client.v1.invoices.retrieve(draft.id).total == 0


def test_credit_note_is_previewed_issued_and_voided(client: stripe.StripeClient) -> None:
    line = {
        "type": "invoice_line_item",
        "invoice_line_item": "il_002_00",
        "amount": 500,
        "metadata": {"service_start": "2026-03-01"},
    }
    asked: Any = {"invoice": "in_002", "lines": [line], "reason": "order_change", "metadata": {"legal_entity": "US"}}
    preview = client.v1.credit_notes.preview(asked)
    assert (preview.subtotal, preview.total, len(preview.lines.data)) == (500, 542, 1)
    note = client.v1.credit_notes.create(asked)
    assert (note.number, note.total, note.type) == ("CN-US-000002", 542, "pre_payment")
    assert client.v1.invoices.retrieve("in_002").amount_remaining == 1083 - 542
    assert client.v1.credit_notes.void_credit_note(note.id).status == "void"
    assert client.v1.invoices.retrieve("in_002").amount_remaining == 1083


def test_credit_on_a_paid_invoice_must_be_split(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="must be 1083"):
        client.v1.credit_notes.create({"invoice": "in_000", "amount": 1083})
    note = client.v1.credit_notes.create({"invoice": "in_000", "amount": 1083, "credit_amount": 1083})
    assert note.type == "post_payment"
    with pytest.raises(stripe.InvalidRequestError, match="at most 0"):
        client.v1.credit_notes.create({"invoice": "in_000", "amount": 1, "credit_amount": 1})


def test_deleted_customer_is_gone_from_lists_but_not_forgotten(client: stripe.StripeClient) -> None:
    client.v1.customers.delete("cus_a")
    assert [one.id for one in client.v1.customers.list().data] == ["cus_b"]
    assert client.v1.customers.retrieve("cus_a").deleted
    assert client.v1.subscriptions.retrieve("sub_a").status == "canceled"
    types = {event.type for event in client.v1.events.list({"limit": 100}).data}
    assert {"customer.deleted", "customer.subscription.deleted"} <= types


def test_drafts_and_previews_have_the_documented_shape(http: httpx.Client, client: stripe.StripeClient) -> None:
    draft = client.v1.invoices.create({"customer": "cus_a"})
    client.v1.invoice_items.create({"customer": "cus_a", "invoice": draft.id, "amount": 7, "tax_rates": ["txr_us"]})
    client.v1.subscriptions.update("sub_a", {"metadata": {"a": "b"}})
    assert problems("/v1/invoiceitems", http.get("/v1/invoiceitems").json()) == []
    assert problems("/v1/events", http.get("/v1/events").json()) == []
    assert problems("/v1/invoices/{invoice}", http.get(f"/v1/invoices/{draft.id}").json()) == []
    preview = http.get("/v1/credit_notes/preview", params={"invoice": "in_002", "amount": 500}).json()
    assert problems("/v1/credit_notes/preview", preview) == []
