"""BB04: billing charges another price, or another discount, than the contract says."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.money import half_away, plain
from q2c_pipeline.sandbox.company.rework import change_line
from q2c_pipeline.sandbox.company.setup import ensure_price

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root


def bb04_price_drift(ground: Ground) -> None:
    """From some period on the item costs five percent more than agreed."""
    for _ in range(ground.volume):
        _drift(ground, Decimal(105))


def bb04_price_stale(ground: Ground) -> None:
    """The item has cost ten percent less than agreed from the start."""
    _drift(ground, Decimal(90), whole=True)


def bb04_discount_dropped(ground: Ground) -> None:
    """From some period on the agreed discount is not given."""
    root = ground.claim_root(lambda root: ground.plain(root) and root.strands[0].discount > 0)
    lines = ground.final_lines(root)
    change = 0
    for line in lines[ground.rng.randrange(1, len(lines)) :]:
        change += change_line(ground.world, line, line["amount"], line["amount"])
    ground.tell("BB04", root.key, -change, root.currency)


def bb04_discount_too_large(ground: Ground) -> None:
    """A tenth of the list price is given away on top of what was agreed, in one period."""
    root = ground.claim_root(ground.plain)
    line = ground.rng.choice(ground.final_lines(root))
    change = change_line(ground.world, line, line["amount"], line_net(line) - line["amount"] // 10)
    ground.tell("BB04", root.key, -change, root.currency)


def _drift(ground: Ground, percent: Decimal, *, whole: bool = False) -> None:
    root = ground.claim_root(ground.plain)
    price = root.strands[0].price * percent / 100
    price_id = ensure_price(ground.world, root, price)
    unit = plain(root.period_price(root.strands[0]) * Fraction(percent) / 100)
    lines = ground.final_lines(root)
    change = 0
    for line in lines[0 if whole else ground.rng.randrange(1, len(lines)) :]:
        gross = half_away(line["amount"] * Fraction(percent) / 100)
        net = half_away(agreed_net(root, line["period"]["start"].date()) * Fraction(percent) / 100)
        change += change_line(ground.world, line, gross, net, price=price_id, unit_amount=unit)
    ground.world.stripe["subscription_item"][root.item_id or ""]["price"] = price_id
    ground.tell("BB04", root.key, -change, root.currency)


def agreed_net(root: Root, start: object) -> int:
    """What a root owes for the period that starts on a day."""
    return sum(piece.net for first, cell in root.cells.items() if first == start for _, piece in cell)
