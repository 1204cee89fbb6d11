"""BB15: a part of a period is charged by another rule than the agreed one."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import DAY
from q2c_pipeline.sandbox.company.money import half_away
from q2c_pipeline.sandbox.company.rework import change_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.company.terms import Root


def bb15_whole_period_charged(ground: Ground) -> None:
    """Service began in the middle of a calendar period; the whole period was charged."""
    _charge(ground, lambda _first, _last: Fraction(1))


def bb15_months_of_thirty_days(ground: Ground) -> None:
    """The first days were counted in months of thirty days instead of real ones."""
    _charge(ground, lambda first, last: Fraction(_thirty(first, last), _thirty(first.replace(day=1), last)))


def _thirty(first: date, last: date) -> int:
    """Days to the end of the month of `last`, all months having thirty: 11 February to 31 March -> 50."""
    return (last.year - first.year) * 360 + (last.month - first.month) * 30 + 31 - min(first.day, 30)


def _charge(ground: Ground, share: Callable[[date, date], Fraction]) -> None:
    root = ground.claim_root(lambda root: ground.plain(root) and _changes(root, share))
    line, strand = ground.final_lines(root)[0], root.strands[0]
    full = strand.quantity * root.period_price(strand) * share(root.start, root.cells[root.start][0][1].end)
    gross, net = half_away(full), half_away(full * (100 - Fraction(strand.discount)) / 100)
    ground.tell("BB15", root.key, -change_line(ground.world, line, gross, net), root.currency)


def _changes(root: Root, share: Callable[[date, date], Fraction]) -> bool:
    """Tell whether the first period of a calendar month is partial, and the other rule charges it differently."""
    if root.anchor != "Calendar" or root.start.day == 1 or root.months != 1:
        return False
    start, end = next(root.periods(root.start, root.start))
    return share(root.start, end - DAY) != Fraction((end - root.start).days, (end - start).days)
