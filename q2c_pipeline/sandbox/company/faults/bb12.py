"""BB12: metered use is not billed, or not at the contract's rates."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.rework import change_line, remove_lines
from q2c_pipeline.sandbox.company.terms import rate_usage

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record


def bb12_month_not_billed(ground: Ground) -> None:
    """The rating run of a month failed: metered, never invoiced."""
    root = ground.claim_root(lambda root: bool(_usage_lines(ground, root)))
    line = ground.rng.choice(_usage_lines(ground, root))
    ground.tell("BB12", root.key, line_net(line), root.currency)
    remove_lines(ground.world, [line["id"]])


def bb12_included_forgotten(ground: Ground) -> None:
    """The included quantity was not taken off: every unit is billed at the last tier's price."""
    root = ground.claim_root(lambda root: bool(_usage_lines(ground, root)))
    change = 0
    for line in _usage_lines(ground, root)[-2:]:
        amount = rate_usage(((None, root.tiers[-1][1]),), Decimal(line["quantity"]), root.currency)
        change += change_line(ground.world, line, amount, amount)
    ground.tell("BB12", root.key, -change, root.currency)


def _usage_lines(ground: Ground, root: Root) -> list[Record]:
    if root.charge_type != "Usage" or ground.has_credits(root):
        return []
    return ground.final_lines(root)
