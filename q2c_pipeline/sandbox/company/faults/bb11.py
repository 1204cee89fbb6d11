"""BB11: a ramp step was not applied in billing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.money import plain
from q2c_pipeline.sandbox.company.rework import change_line
from q2c_pipeline.sandbox.company.setup import price_of

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record


def bb11_step_missed(ground: Ground) -> None:
    """The second segment, and all later ones, are billed at the terms of the first."""
    root = ground.claim_root(lambda root: bool(_later_lines(ground, root)))
    _keep_terms(ground, root, _later_lines(ground, root))
    first = root.strands[0]
    ground.world.stripe["subscription_item"][root.item_id or ""].update(
        price=price_of(ground.world, root, first), quantity=first.quantity
    )


def bb11_step_late(ground: Ground) -> None:
    """The second segment began one period late in billing."""
    root = ground.claim_root(lambda root: bool(_later_lines(ground, root)))
    _keep_terms(ground, root, _later_lines(ground, root)[:1])


def _later_lines(ground: Ground, root: Root) -> list[Record]:
    """Final lines of a ramped root from its second segment on."""
    if len(root.strands) < 2 or any(strand.delta for strand in root.strands):
        return []
    return [line for line in ground.final_lines(root) if line["period"]["start"].date() >= root.strands[1].start]


def _keep_terms(ground: Ground, root: Root, lines: list[Record]) -> None:
    first = root.strands[0]
    _, piece = root.cells[root.start][0]
    change = 0
    for line in lines:
        change += change_line(
            ground.world,
            line,
            piece.gross,
            piece.net,
            price=price_of(ground.world, root, first),
            unit_amount=plain(root.period_price(first)),
            quantity=first.quantity,
        )
    ground.tell("BB11", root.key, -change, root.currency)
