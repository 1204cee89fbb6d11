"""DQ08: an amendment of something that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.signing import sign

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def dq08_order_unknown(ground: Ground) -> None:
    """The amended order was never migrated."""
    unknown = ground.world.ids.salesforce("801")
    line = sign(ground, {}, OriginalOrderId=unknown, Amendment_Kind__c="Quantity Increase")[0]
    ground.tell_without_money("DQ08", line["number"])


def dq08_line_unknown(ground: Ground) -> None:
    """The amended line was deleted and written anew under another id."""
    line = sign(ground, {"OriginalOrderItemId": ground.world.ids.salesforce("802")})[0]
    ground.tell_without_money("DQ08", line["number"])
