"""BB01: a contract line was never set up in billing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.rework import remove_lines

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root


def bb01_order_not_set_up(ground: Ground) -> None:
    """The order of a single line has no subscription at all."""
    for _ in range(ground.volume):
        root = ground.claim_root(lambda root: ground.plain(root) and ground.alone(root))
        forget(ground, root)
        order = ground.world.order(root)
        order.update(Billing_Subscription_Id__c=None, Billing_Status__c="Pending")
        del ground.world.stripe["subscription"][root.subscription_id or ""]


def bb01_line_forgotten(ground: Ground) -> None:
    """The subscription exists, but one line of the order was left out."""
    forget(ground, ground.claim_root(lambda root: ground.plain(root) and _has_company(ground, root)))


def _has_company(ground: Ground, root: Root) -> bool:
    return len(ground.world.by_subscription[root.subscription_id or ""]) > 1


def forget(ground: Ground, root: Root) -> None:
    """Let a line never have had a subscription item, nor what that billed."""
    due = sum(piece.net for start in ground.due_starts(root) for _, piece in root.cells[start])
    remove_lines(ground.world, ground.lines[root.key])
    del ground.world.stripe["subscription_item"][root.item_id or ""]
    ground.world.salesforce["OrderItem"][root.order_item_id]["Billing_Subscription_Item_Id__c"] = None
    ground.tell("BB01", root.key, due, root.currency)
