"""Customers and the end of subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.servers.stripe.problems import invalid
from q2c_pipeline.sandbox.servers.stripe.updates import read_fields

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.stripe.calls import Call
    from q2c_pipeline.sandbox.systems import Record

_CUSTOMER_FIELDS = ("name", "email", "phone", "description", "address")
_ENDED = ("canceled", "incomplete_expired")


def create_customer(call: Call) -> Record:
    """Add a customer."""
    given = read_fields(call.params, _CUSTOMER_FIELDS)
    born = {"id": call.store.new_id("customer"), "created": call.store.tick()}
    customer = call.store.put("customer", {"currency": None, "metadata": {}, **given, **born})
    call.announce("customer", "created", customer)
    return call.show("customer", customer)


def delete_customer(call: Call) -> Record:
    """Delete a customer; its subscriptions end, its invoices stay."""
    customer = call.record("customer")
    for subscription in call.store.children("subscription", "customer", customer["id"]):
        if subscription["status"] not in _ENDED:
            _end(call, subscription)
    call.announce("customer", "deleted", customer)
    customer["deleted"] = True
    return call.show("customer", customer)


def cancel_subscription(call: Call) -> Record:
    """End a subscription at once, without proration."""
    subscription = call.record("subscription")
    if subscription["status"] in _ENDED:
        invalid(f"The subscription {subscription['id']} is already {subscription['status']}.")
    if call.params.get("prorate") == "true" or call.params.get("invoice_now") == "true":
        invalid("This sandbox does not prorate.", "prorate")
    return call.show("subscription", _end(call, subscription))


def _end(call: Call, subscription: Record) -> Record:
    now = call.store.tick()
    values = {"status": "canceled", "canceled_at": now, "ended_at": now}
    return call.change("subscription", subscription, values, "deleted")
