"""BB09: billing goes on after a contract was cancelled or ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.billing import Bill, Draft, issue_invoice
from q2c_pipeline.sandbox.company.dates import DAY, add_months, midnight
from q2c_pipeline.sandbox.company.money import half_away, plain
from q2c_pipeline.sandbox.company.rework import remove_credit
from q2c_pipeline.sandbox.company.setup import price_of

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root


def bb09_cancellation_ignored(ground: Ground) -> None:
    """Billing never heard of the cancellation and invoices the following periods at the old price."""
    root = ground.claim_root(lambda root: _cancelled(ground, root) and bool(_after(ground, root, _end(root))))
    _go_on(ground, root, _after(ground, root, _end(root)))


def bb09_billed_after_term(ground: Ground) -> None:
    """The term is over, but invoices go on."""
    root = ground.claim_root(lambda root: ground.ended(root) and bool(_after(ground, root, root.end + DAY)))
    _go_on(ground, root, _after(ground, root, root.end + DAY))


def bb09_credit_not_given(ground: Ground) -> None:
    """The subscription was cancelled in the middle of a paid period, but the rest was never credited."""
    root = ground.claim_root(lambda root: _cancelled(ground, root) and len(_credits(ground, root)) == 1)
    credit_id = _credits(ground, root)[0]
    net = ground.world.stripe["credit_note"][credit_id]["subtotal"]
    remove_credit(ground.world, credit_id)
    ground.tell("BB09", root.key, -net, root.currency)


def _credits(ground: Ground, root: Root) -> list[str]:
    notes = (note for document in ground.documents(root) for note in ground.world.credits_of.get(document, ()))
    return [note for note in notes if ground.world.stripe["credit_note"][note]["status"] == "issued"]


def _cancelled(ground: Ground, root: Root) -> bool:
    return (
        root.charge_type == "Recurring"
        and root.timing == "Advance"
        and len(root.strands) == 2
        and root.strands[1].quantity == -root.strands[0].quantity
        and ground.closed_in_billing(root)
        and _end(root) <= ground.settled_day
    )


def _end(root: Root) -> date:
    return root.strands[-1].start


def _after(ground: Ground, root: Root, end: date) -> list[date]:
    """Starts of full periods from `end` on that a careless billing run would have invoiced by now."""
    return [start for start, _ in root.periods(end, ground.settled_day) if end <= start <= ground.settled_day]


def _go_on(ground: Ground, root: Root, starts: list[date]) -> None:
    world, strand = ground.world, root.strands[0]
    unit = root.period_price(strand)
    gross: Fraction = strand.quantity * unit
    net = half_away(gross * int(1000 - 10 * strand.discount) / 1000)
    for start in starts:
        last = next(root.periods(start, start))[1] - DAY
        draft = Draft(root, start, last, half_away(gross), net, strand.quantity, price_of(world, root, strand), plain(unit))
        bill = Bill(root.account_id, root.entity, root.currency, (draft,), root.subscription_id)
        ground.used.add(issue_invoice(world, bill, start, settle=False))
    _revive(ground, root, starts[-1])
    ground.tell("BB09", root.key, -net * len(starts), root.currency)


def _revive(ground: Ground, root: Root, last_start: date) -> None:
    """The subscription is still active, and Salesforce was told so."""
    world = ground.world
    world.stripe["subscription"][root.subscription_id or ""].update(status="active", canceled_at=None, ended_at=None)
    item = world.stripe["subscription_item"][root.item_id or ""]
    item.update(current_period_start=midnight(last_start), current_period_end=midnight(add_months(last_start, root.months)))
    for order in world.salesforce["Order"].values():
        if order["Billing_Subscription_Id__c"] == root.subscription_id:
            order["Billing_Status__c"] = "Active"
