"""BB05: billing charges another quantity than the contract says."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.money import half_away
from q2c_pipeline.sandbox.company.rework import change_line

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def bb05_quantity_short(ground: Ground) -> None:
    """From some period on one unit too few is billed."""
    for _ in range(ground.volume):
        _miscount(ground, -1)


def bb05_quantity_over(ground: Ground) -> None:
    """From some period on two units too many are billed."""
    _miscount(ground, 2)


def _miscount(ground: Ground, extra: int) -> None:
    root = ground.claim_root(lambda root: ground.plain(root) and root.strands[0].quantity > 1)
    held = root.strands[0].quantity
    lines = ground.final_lines(root)
    change = 0
    for line in lines[ground.rng.randrange(1, len(lines)) :]:
        share = Fraction(held + extra, held)
        gross, net = half_away(line["amount"] * share), half_away(line_net(line) * share)
        change += change_line(ground.world, line, gross, net, quantity=held + extra)
    ground.world.stripe["subscription_item"][root.item_id or ""]["quantity"] = held + extra
    ground.tell("BB05", root.key, -change, root.currency)
