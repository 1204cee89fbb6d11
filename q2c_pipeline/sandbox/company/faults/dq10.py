"""DQ10: accounting periods that overlap."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def dq10_period_begins_early(ground: Ground) -> None:
    """A month to come begins on the last day of the month before it."""
    period = _months_to_come(ground)[2]
    period["startdate"] -= timedelta(days=1)
    ground.tell_without_money("DQ10", f"netsuite_main/{period['periodname']}")


def dq10_period_turned_round(ground: Ground) -> None:
    """A month to come ends before it begins."""
    period = _months_to_come(ground)[-1]
    period["enddate"] = period["startdate"] - timedelta(days=1)
    ground.tell_without_money("DQ10", f"netsuite_main/{period['periodname']}")


def _months_to_come(ground: Ground) -> list[Record]:
    periods = ground.world.netsuite["accountingperiod"].values()
    months = [one for one in periods if one["isposting"] and not one["isadjust"] and one["startdate"] > ground.world.as_of]
    return sorted(months, key=lambda one: str(one["startdate"]))
