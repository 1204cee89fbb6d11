"""DQ12: days without an exchange rate."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import CURRENCIES

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground

GAP = timedelta(days=6)


def dq12_feed_stopped(ground: Ground) -> None:
    """The bank's file has not come for a week: the newest rates of the pound are old."""
    _leave_out(ground, "GBP", ground.world.as_of - GAP)


def dq12_hole_in_the_past(ground: Ground) -> None:
    """A week of rates of the yen is missing in the middle of the history."""
    _leave_out(ground, "JPY", ground.world.as_of - timedelta(days=ground.rng.randint(25, 60)))


def _leave_out(ground: Ground, symbol: str, first: date) -> None:
    rates = ground.world.netsuite["currencyrate"]
    pair = (CURRENCIES[symbol], CURRENCIES["USD"])
    for key, one in list(rates.items()):
        if (one["transactioncurrency"], one["basecurrency"]) == pair and first <= one["effectivedate"] <= first + GAP:
            del rates[key]
    ground.tell_without_money("DQ12", f"netsuite_main/{symbol}-USD/{first}")
