"""BB06: a due period was not billed although the subscription is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import line_net
from q2c_pipeline.sandbox.company.rework import remove_lines

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record


def bb06_period_skipped(ground: Ground) -> None:
    """One period in the middle was left out."""
    for _ in range(ground.volume):
        root = ground.claim_root(ground.plain)
        lines = ground.final_lines(root)
        _skip(ground, root, [lines[ground.rng.randrange(1, len(lines))]])


def bb06_billing_stopped(ground: Ground) -> None:
    """Billing fell silent: nothing has been invoiced for the last two due periods."""
    root = ground.claim_root(ground.plain)
    _skip(ground, root, ground.final_lines(root)[-2:])


def bb06_ended_before_billed(ground: Ground) -> None:
    """The term ended before its last period was invoiced: no invoice of the closed subscription will take it up."""
    root = ground.claim_root(lambda root: ground.ended(root) and not ground.has_credits(root))
    _skip(ground, root, ground.final_lines(root)[-1:])


def _skip(ground: Ground, root: Root, lines: list[Record]) -> None:
    ground.tell("BB06", root.key, sum(line_net(line) for line in lines), root.currency)
    remove_lines(ground.world, [line["id"] for line in lines])
