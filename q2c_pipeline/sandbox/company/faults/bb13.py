"""BB13: a discount is given longer, or shorter, than agreed."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import DAY
from q2c_pipeline.sandbox.company.money import half_away
from q2c_pipeline.sandbox.company.rework import change_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root
    from q2c_pipeline.sandbox.systems import Record


def bb13_kept_after_expiry(ground: Ground) -> None:
    """The introductory discount was never taken off."""
    root = ground.claim_root(lambda root: _limited(ground, root) and bool(_later(ground, root)))
    _bill(ground, root, _later(ground, root), discounted=True)


def bb13_ended_a_month_early(ground: Ground) -> None:
    """The last period that begins with the discount, and may outlast it, was billed at the list price."""
    root = ground.claim_root(lambda root: _limited(ground, root))
    _bill(ground, root, [line for line in ground.final_lines(root) if _start(line) <= _last_day(root)][-1:], discounted=False)


def _limited(ground: Ground, root: Root) -> bool:
    return len(root.strands) == 1 and root.strands[0].discount_end is not None and ground.steady(root)


def _later(ground: Ground, root: Root) -> list[Record]:
    """Lines of periods that see any day without the discount."""
    return [line for line in ground.final_lines(root) if (line["period"]["end"] - DAY).date() > _last_day(root)]


def _last_day(root: Root) -> date:
    return root.strands[0].discount_end or root.end


def _start(line: Record) -> date:
    day: date = line["period"]["start"].date()
    return day


def _bill(ground: Ground, root: Root, lines: Sequence[Record], *, discounted: bool) -> None:
    left = 1 - Fraction(root.strands[0].discount if discounted else 0) / 100
    change = 0
    for line in lines:
        change += change_line(ground.world, line, line["amount"], half_away(line["amount"] * left))
    if not change:
        raise AssertionError(root.key)
    ground.tell("BB13", root.key, -change, root.currency)
