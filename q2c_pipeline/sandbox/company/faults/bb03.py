"""BB03: a subscription covers other dates than the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.dates import at, midnight
from q2c_pipeline.sandbox.company.rework import remove_lines

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record


def bb03_starts_a_month_late(ground: Ground) -> None:
    """The subscription was set up from the second month on; the first was never billed."""
    root = ground.claim_root(lambda root: _monthly(ground, root))
    first, second = ground.final_lines(root)[:2]
    ground.world.stripe["subscription"][root.subscription_id or ""]["start_date"] = second["period"]["start"]
    _unbill(ground, root, [first])


def bb03_ends_early(ground: Ground) -> None:
    """Billing ended the subscription two months ago, although the contract runs on; Salesforce was told so."""
    root = ground.claim_root(lambda root: _monthly(ground, root))
    lines = ground.final_lines(root)[-2:]
    last = lines[0]["period"]["start"].date()
    moment = at(last, 1)
    subscription = ground.world.stripe["subscription"][root.subscription_id or ""]
    subscription.update(status="canceled", cancel_at=midnight(last), canceled_at=moment, ended_at=moment)
    for order in ground.world.salesforce["Order"].values():
        if order["Billing_Subscription_Id__c"] == root.subscription_id:
            order["Billing_Status__c"] = "Canceled"
    _unbill(ground, root, lines)


def _monthly(ground: Ground, root: Root) -> bool:
    return ground.plain(root) and ground.alone(root) and root.months == 1 and root.timing == "Advance"


def _unbill(ground: Ground, root: Root, lines: list[Record]) -> None:
    ground.tell("BB03", root.key, sum(line_net(line) for line in lines), root.currency)
    remove_lines(ground.world, [line["id"] for line in lines])
