"""SL02: money received or paid back is not in the ledger, or in it twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.ledger import Heading, entries_of, erase, post

if TYPE_CHECKING:
    from collections.abc import Collection

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def sl02_not_posted(ground: Ground) -> None:
    """The posting job lost some payments: the customer paid, and the receivable still stands."""
    for _ in range(ground.volume):
        payment = claim_payment(ground)
        erase(ground.world, ground.world.posted.pop(payment["id"]))
        ground.tell("SL02", payment["id"], payment["amount_paid"], payment["currency"])


def sl02_posted_twice(ground: Ground) -> None:
    """A retry posted a payment again under another external id, as the ledger takes each id once only."""
    world = ground.world
    payment = claim_payment(ground)
    number = world.posted[payment["id"]]
    heading = payment_heading(ground, payment)
    heading = replace(heading, tranid=f"{heading.tranid}-R", externalid=f"{payment['id']}-retry")
    post(world, heading, entries_of(world, number, at_own_rate=True))
    ground.tell("SL02", payment["id"], -payment["amount_paid"], payment["currency"])


def claim_payment(ground: Ground, among: Collection[str] | None = None) -> Record:
    """Take a payment that is out of every grace, with its invoice."""
    world = ground.world
    candidates = world.stripe["invoice_payment"] if among is None else among

    def suits(key: str) -> bool:
        payment = world.stripe["invoice_payment"][key]
        invoice = world.stripe["invoice"].get(payment["invoice"])
        return bool(
            invoice
            and invoice["status"] in FINAL
            and invoice["id"] not in ground.used
            and payment["amount_paid"] > 0
            and payment["created"].date() <= ground.settled_day
        )

    payment = world.stripe["invoice_payment"][ground.pick("payment", candidates, suits)]
    ground.used.add(payment["invoice"])
    return payment


def payment_heading(ground: Ground, payment: Record) -> Heading:
    """Ledger head of a payment as it was posted."""
    world = ground.world
    header = world.netsuite["transaction"][str(world.posted[payment["id"]])]
    invoice = world.stripe["invoice"][payment["invoice"]]
    return Heading(
        header["type"],
        header["tranid"],
        header["externalid"],
        header["custbody_source_document"],
        invoice["metadata"]["legal_entity"],
        payment["currency"].upper(),
        header["entity"],
        header["trandate"],
        header["createddate"],
        header["status"],
    )
