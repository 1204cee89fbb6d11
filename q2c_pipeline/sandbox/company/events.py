"""Stripe's event log of the last thirty days, each event with a snapshot of its object."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import midnight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record

KEPT = timedelta(days=30)
API_VERSION = "2026-10-28.endive"
CREATED = {
    "customer": "customer.created",
    "subscription": "customer.subscription.created",
    "price": "price.created",
    "invoice": "invoice.created",
    "credit_note": "credit_note.created",
    "invoice_payment": "invoice_payment.paid",
    "charge": "charge.succeeded",
    "payment_intent": "payment_intent.succeeded",
    "refund": "refund.created",
}
INVOICE_MOMENTS = {
    "finalized_at": "invoice.finalized",
    "paid_at": "invoice.paid",
    "voided_at": "invoice.voided",
    "marked_uncollectible_at": "invoice.marked_uncollectible",
}


def record_events(world: World) -> None:
    """Fill the event table, oldest first, with everything that happened in the last thirty days."""
    since = midnight(world.as_of - KEPT)
    happened = [event for event in _happenings(world) if event[0] >= since]
    for moment, kind, record in sorted(happened, key=lambda event: (event[0], event[1], event[2]["id"])):
        identifier = world.ids.stripe("evt")
        world.stripe["event"][identifier] = {
            "id": identifier,
            "type": kind,
            "created": moment,
            "api_version": API_VERSION,
            "data": {"object": copy.deepcopy(record)},
        }


def _happenings(world: World) -> Iterator[tuple[datetime, str, Record]]:
    for table, kind in CREATED.items():
        for record in world.stripe[table].values():
            yield record["created"], kind, record
    for invoice in world.stripe["invoice"].values():
        for name, kind in INVOICE_MOMENTS.items():
            if invoice["status_transitions"][name]:
                yield invoice["status_transitions"][name], kind, invoice
    for subscription in world.stripe["subscription"].values():
        if subscription["ended_at"]:
            yield subscription["ended_at"], "customer.subscription.deleted", subscription
    for refund in world.stripe["refund"].values():
        yield refund["created"], "charge.refunded", world.stripe["charge"][refund["charge"]]
