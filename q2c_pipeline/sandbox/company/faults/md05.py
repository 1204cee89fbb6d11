"""MD05: a product that is sold cannot be used, or cannot be found, in another system."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def md05_code_missing_in_billing(ground: Ground) -> None:
    """The Stripe product does not say which product code it is."""
    code = _sold_product(ground)
    ground.world.stripe["product"][ground.world.stripe_products[code]]["metadata"] = {}
    ground.tell_without_money("MD05", f"{code}@billing")


def md05_inactive_in_ledger(ground: Ground) -> None:
    """The ledger's item was made inactive while contracts still run."""
    code = _sold_product(ground)
    item = next(one for one in ground.world.netsuite["item"].values() if one["itemid"] == code)
    item["isinactive"] = True
    ground.tell_without_money("MD05", f"{code}@erp")


def _sold_product(ground: Ground) -> str:
    """A product of a running recurring line that no other fault has taken."""
    day = ground.world.as_of
    running = {
        root.product.code
        for root in ground.world.roots.values()
        if root.charge_type == "Recurring"
        and root.start <= day <= root.end
        and ground.world.salesforce["Order"][root.order_id]["Status"] == "Activated"
    }
    code = ground.pick("product", running, lambda one: f"product:{one}" not in ground.used)
    ground.used.add(f"product:{code}")
    return code
