"""DQ07: steps of a ramp overlap, or leave days without a price."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.signing import LATER, sign, year_of

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def dq07_second_step_begins_early(ground: Ground) -> None:
    """The second step begins while the first one runs."""
    _ramp(ground, -30)


def dq07_days_without_a_step(ground: Ground) -> None:
    """Ten days belong to no step."""
    _ramp(ground, 11)


def _ramp(ground: Ground, days: int) -> None:
    start = ground.world.as_of + LATER
    last = start + timedelta(days=180)
    steps = (
        {"Ramp_Segment__c": 1, "EndDate": last},
        {"Ramp_Segment__c": 2, "ServiceDate": last + timedelta(days=days), "EndDate": year_of(start)},
    )
    ground.tell_without_money("DQ07", sign(ground, *steps)[1]["key"])
