"""Last touches after the final day: item periods, parents in the ledger, noise that means nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.allocating import allocate
from q2c_pipeline.sandbox.company.billing import Bill, Draft, write_invoice
from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.dates import DAY, at, days_between, midnight, month_end
from q2c_pipeline.sandbox.company.ledger import Entry, Heading, post
from q2c_pipeline.sandbox.company.usage import meter_unfinished_month

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.company.world import World

DRAFTS_PER_ROOTS = 20


def finish(world: World) -> None:
    """Complete the systems once history has been lived."""
    meter_unfinished_month(world)
    allocate(world)
    for root in world.roots.values():
        _item_period(world, root)
    _ledger_parents(world)
    _manual_journals(world)
    _draft_invoices(world)


def _item_period(world: World, root: Root) -> None:
    if root.item_id:
        day = min(max(world.as_of, root.start), root.end)
        start, end = next(root.periods(day, day))
        world.stripe["subscription_item"][root.item_id].update(
            current_period_start=midnight(max(start, root.start)), current_period_end=midnight(end)
        )


def _ledger_parents(world: World) -> None:
    accounts = world.salesforce["Account"]
    for account in accounts.values():
        parent = accounts.get(account["ParentId"] or "")
        if parent and parent["ERP_Customer_Id__c"] and account["ERP_Customer_Id__c"]:
            customers = world.netsuite["customer"]
            child, above = customers[account["ERP_Customer_Id__c"]], customers[parent["ERP_Customer_Id__c"]]
            child["parent"] = above["id"]
            child["lastmodifieddate"] = max(child["lastmodifieddate"], above["lastmodifieddate"])


def _manual_journals(world: World) -> None:
    """Rent accruals by hand at each month-end, on accounts that no control watches; some journals were deleted."""
    for day in days_between(world.start, world.as_of):
        if day != month_end(day):
            continue
        for entity in ENTITIES.values():
            amount = Decimal(world.rng.randint(20, 90) * 100)
            name = f"JE-{entity.code}-{day:%Y-%m}"
            heading = Heading("Journal", name, None, None, entity.code, entity.currency, None, day, at(day, 17), "B")
            post(world, heading, [Entry("rent", amount, memo="Rent"), Entry("accrual", -amount, memo="Rent")])
        number = world.ids.number("transaction", 10001)
        world.netsuite["deletedrecord"][str(number)] = {
            "type": "journalentry",
            "recordid": number,
            "name": f"JE-DEL-{day:%Y-%m}",
            "deleteddate": at(day, 18),
        }


def _draft_invoices(world: World) -> None:
    """Drafts of periods that are not due: never finalized, never posted."""
    running = [root for root in world.roots.values() if _bills_again(world, root)]
    for root in running[::DRAFTS_PER_ROOTS]:
        item = world.stripe["subscription_item"][root.item_id or ""]
        start = item["current_period_end"].date()
        last = start + timedelta(days=27)
        draft = Draft(root, start, last, 50000, 50000, 1, item["price"], "50000")
        bill = Bill(root.account_id, root.entity, root.currency, (draft,), root.subscription_id)
        _as_draft(world, write_invoice(world, bill, world.as_of - DAY), root, start)


def _bills_again(world: World, root: Root) -> bool:
    if root.item_id is None or root.charge_type != "Recurring" or not root.start < world.as_of < root.end:
        return False
    running = world.stripe["subscription"][root.subscription_id or ""]["status"] == "active"
    return running and bool(world.stripe["subscription_item"][root.item_id]["current_period_end"].date() <= root.end)


def _as_draft(world: World, invoice_id: str, root: Root, start: object) -> None:
    invoice = world.stripe["invoice"][invoice_id]
    invoice.update(status="draft", number=None, effective_at=None, due_date=None)
    invoice["status_transitions"]["finalized_at"] = None
    root.billed = {day: line for day, line in root.billed.items() if day != start}
