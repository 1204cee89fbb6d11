"""ST01: what billing knows was not written back to Salesforce, or not again when it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root


def st01_subscription_id_blank(ground: Ground) -> None:
    """The order does not name its subscription, although its lines name their items."""
    for _ in range(ground.volume):
        root = ground.claim_root(lambda root: ground.plain(root) and ground.alone(root))
        order = ground.world.order(root)
        order["Billing_Subscription_Id__c"] = None
        ground.tell_without_money("ST01", order["OrderNumber"])


def st01_status_never_updated(ground: Ground) -> None:
    """The subscription is active, but the order still says pending."""
    order = ground.world.order(ground.claim_root(ground.plain))
    order["Billing_Status__c"] = "Pending"
    ground.tell_without_money("ST01", order["OrderNumber"])


def st01_cancellation_not_told(ground: Ground) -> None:
    """The subscription was canceled, but the order still says active."""
    order = ground.claim_order(lambda root: _cancelled(ground, root))
    order["Billing_Status__c"] = "Active"
    ground.tell_without_money("ST01", order["OrderNumber"])


def _cancelled(ground: Ground, root: Root) -> bool:
    subscription = ground.world.stripe["subscription"].get(root.subscription_id or "")
    named = ground.world.order(root)["Billing_Subscription_Id__c"]
    return bool(subscription and subscription["status"] == "canceled" and named == root.subscription_id)
