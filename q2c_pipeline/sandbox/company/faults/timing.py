"""In flight: too young to be wrong, so it is told apart from every exception."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.dates import DAY
from q2c_pipeline.sandbox.company.ledger import erase
from q2c_pipeline.sandbox.company.rework import remove_lines

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root


def timing_not_posted_yet(ground: Ground) -> None:
    """An invoice of the last two days is not in the ledger yet."""
    invoices = ground.world.stripe["invoice"]
    key = ground.pick(
        "invoice of the last two days",
        [
            key
            for key, invoice in invoices.items()
            if key not in ground.used
            and invoice["status"] == "open"
            and not invoice["amount_paid"]
            and not ground.world.credits_of.get(key)
            and invoice["effective_at"].date() >= ground.world.as_of - DAY
        ],
    )
    ground.used.add(key)
    erase(ground.world, ground.world.posted.pop(key))
    ground.world.deferrals.pop(key, None)
    ground.tell("timing", invoices[key]["number"], invoices[key]["total"], invoices[key]["currency"])


def timing_not_billed_yet(ground: Ground) -> None:
    """A period that fell due in the last two days is not invoiced yet."""
    key = ground.pick("line due in the last days", [k for k, root in ground.world.roots.items() if _due_now(ground, root)])
    root = ground.world.roots[key]
    ground.used |= {key, root.order_id, *ground.documents(root)}
    line = ground.final_lines(root)[-1]
    ground.tell("timing", key, line_net(line), root.currency)
    remove_lines(ground.world, [line["id"]])


def _due_now(ground: Ground, root: Root) -> bool:
    if len(root.strands) > 1 or root.charge_type != "Recurring" or not root.item_id or ground.has_credits(root):
        return False
    lines = ground.final_lines(root)
    starts = ground.due_starts(root)
    free = not ground.used & {root.key, root.order_id, *ground.documents(root)}
    return (
        free
        and len(lines) == len(starts) > 1
        and root.due(root.cells[starts[-1]][0][1]) >= ground.world.as_of - DAY
        and ground.world.stripe["invoice"][lines[-1]["invoice"]]["status"] == "open"
    )
