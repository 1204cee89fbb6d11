"""Invoices that finance voids and issues again, and drafts that never leave the house."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import restate_invoice
from q2c_pipeline.sandbox.company.crediting import credit_by_mistake
from q2c_pipeline.sandbox.company.dates import DAY, at
from q2c_pipeline.sandbox.company.paying import plan_settlement
from q2c_pipeline.sandbox.company.posting import post_invoice, root_key, unpost

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.world import World

EVERY = 16
MISTAKE_EVERY = 45


def plan_voids(world: World, day: date) -> None:
    """About one invoice in sixteen is voided two days later, inside the same month; few are credited by mistake."""
    for invoice_id in world.issued:
        world.issues += 1
        again = day + timedelta(days=2)
        if world.issues % EVERY == EVERY - 1 and again.month == day.month:
            world.plan(again, "settle", void_and_reissue, invoice_id)
        elif world.issues % MISTAKE_EVERY == 0:
            world.plan(day + DAY, "settle", credit_by_mistake, invoice_id)
    world.issued.clear()


def void_and_reissue(world: World, day: date, invoice_id: str) -> None:
    """Void an untouched open invoice and issue it again under a new number."""
    invoice = world.stripe["invoice"][invoice_id]
    if invoice["status"] != "open" or invoice["amount_paid"] or world.credits_of.get(invoice_id):
        return
    moment = at(day, 13)
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = moment
    unpost(world, invoice_id, at(day, 19))
    again = copy_invoice(world, invoice_id, day)
    post_invoice(world, again)
    plan_settlement(world, again, day)


def copy_invoice(world: World, invoice_id: str, day: date) -> str:
    """Write a new open invoice with the lines of another one."""
    old = world.stripe["invoice"][invoice_id]
    identifier = world.ids.stripe("in")
    moment = world.moment(day, 16)
    record = copy.deepcopy(old)
    record.update(
        id=identifier,
        number=world.ids.document(f"INV-{old['metadata']['legal_entity']}"),
        status="open",
        created=moment,
        effective_at=moment,
        due_date=moment + (old["due_date"] - old["effective_at"]),
        period_start=moment,
        period_end=moment,
        amount_paid=0,
        status_transitions={
            "finalized_at": moment,
            "paid_at": None,
            "voided_at": None,
            "marked_uncollectible_at": None,
        },
    )
    world.stripe["invoice"][identifier] = record
    for key in list(world.invoice_lines[invoice_id]):
        copy_line(world, key, identifier)
    restate_invoice(world, identifier)
    _point_subscription(world, invoice_id, identifier)
    return identifier


def copy_line(world: World, line_id: str, invoice_id: str) -> str:
    """Write a line equal to another one on another invoice; it becomes the line that billed the period."""
    identifier = world.ids.stripe("il")
    record = copy.deepcopy(world.stripe["invoice_line"][line_id])
    record.update(id=identifier, invoice=invoice_id)
    for entry in record["discount_amounts"]:
        entry["discount"] = f"di_{identifier[3:]}"
    world.stripe["invoice_line"][identifier] = record
    world.invoice_lines[invoice_id].append(identifier)
    root = world.roots.get(root_key(world, record) or "")
    if root:
        root.billed.update({start: identifier for start, key in root.billed.items() if key == line_id})
    return identifier


def _point_subscription(world: World, old: str, new: str) -> None:
    parent = world.stripe["invoice"][new]["parent"]
    if parent:
        subscription = world.stripe["subscription"][parent["subscription_details"]["subscription"]]
        if subscription["latest_invoice"] == old:
            subscription["latest_invoice"] = new
