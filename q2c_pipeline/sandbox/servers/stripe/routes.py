"""Which function answers which address."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from q2c_pipeline.sandbox.servers.stripe import credits as crediting
from q2c_pipeline.sandbox.servers.stripe import invoicing, items, metering, parties
from q2c_pipeline.sandbox.servers.stripe.calls import Call
from q2c_pipeline.sandbox.servers.stripe.listing import LISTINGS, list_page, plain_page, require, take_paging
from q2c_pipeline.sandbox.servers.stripe.problems import not_found
from q2c_pipeline.sandbox.servers.stripe.store import EVENT_RETENTION
from q2c_pipeline.sandbox.servers.stripe.updates import updatable, update
from q2c_pipeline.sandbox.systems import Record

Endpoint = Callable[[Call], Record]
_SPECIAL: dict[tuple[str, str], Endpoint] = {
    ("GET", "/v1/credit_notes/preview"): crediting.preview,
    ("GET", "/v1/credit_notes/preview/lines"): crediting.preview_lines,
    ("POST", "/v1/credit_notes"): crediting.create,
    ("POST", "/v1/credit_notes/{id}/void"): crediting.void,
    ("POST", "/v1/customers"): parties.create_customer,
    ("DELETE", "/v1/customers/{id}"): parties.delete_customer,
    ("DELETE", "/v1/subscriptions/{id}"): parties.cancel_subscription,
    ("POST", "/v1/invoiceitems"): items.create,
    ("DELETE", "/v1/invoiceitems/{id}"): items.delete,
    ("POST", "/v1/invoices"): invoicing.create,
    ("DELETE", "/v1/invoices/{id}"): invoicing.delete,
    ("POST", "/v1/invoices/{id}/finalize"): invoicing.finalize,
    ("POST", "/v1/invoices/{id}/pay"): invoicing.pay,
    ("POST", "/v1/invoices/{id}/void"): invoicing.void,
    ("POST", "/v1/invoices/{id}/mark_uncollectible"): invoicing.mark_uncollectible,
    ("GET", "/v1/billing/meters/{id}/event_summaries"): metering.event_summaries,
}


def endpoints() -> dict[tuple[str, str], Endpoint]:
    """Every (method, address) with its function; fixed addresses come before those with an id."""
    return {**_SPECIAL, **_sublists(), **_lists(), **_single()}


def _sublists() -> dict[tuple[str, str], Endpoint]:
    return {
        ("GET", "/v1/invoices/{id}/lines"): partial(_children, parent="invoice", table="invoice_line"),
        ("GET", "/v1/credit_notes/{id}/lines"): _credit_note_lines,
        ("GET", "/v1/subscription_items"): _subscription_items,
    }


def _lists() -> dict[tuple[str, str], Endpoint]:
    return {("GET", f"/v1/{name}"): partial(_list, name=name) for name in LISTINGS}


def _single() -> dict[tuple[str, str], Endpoint]:
    tables = {name: listing.table for name, listing in LISTINGS.items()} | {"subscription_items": "subscription_item"}
    reads = {("GET", f"/v1/{name}/{{id}}"): partial(_retrieve, table=table) for name, table in tables.items()}
    writes = {
        ("POST", f"/v1/{name}/{{id}}"): partial(update, table=table) for name, table in tables.items() if table in updatable()
    }
    return {**reads, **writes}


def _list(call: Call, *, name: str) -> Record:
    return list_page(name, dict(call.params), call.store, call.renderer)


def _retrieve(call: Call, *, table: str) -> Record:
    record = call.store.table(table).get(call.ids["id"])
    kept = record is not None and (table != "event" or record["created"] >= call.store.now() - EVENT_RETENTION)
    if record is None or not kept:
        not_found(table, call.ids["id"])
    return call.show(table, record)


def _children(call: Call, *, parent: str, table: str) -> Record:
    record = call.record(parent)
    members = call.renderer.sublist(table, parent, record["id"])
    url = f"/v1/{parent}s/{record['id']}/lines"
    return plain_page(members, take_paging(dict(call.params)), url, lambda one: call.show(table, one))


def _credit_note_lines(call: Call) -> Record:
    page = _children(call, parent="credit_note", table="credit_note_line")
    for line in page["data"]:
        line.pop("credit_note", None)
    return page


def _subscription_items(call: Call) -> Record:
    params = dict(call.params)
    require(params, "subscription")
    subscription = call.record("subscription", params["subscription"], param="subscription")
    members = call.renderer.sublist("subscription_item", "subscription", subscription["id"])
    url = "/v1/subscription_items"
    return plain_page(members, take_paging(params), url, lambda one: call.show("subscription_item", one))
