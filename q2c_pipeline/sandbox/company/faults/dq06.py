"""DQ06: a contract line whose terms are impossible."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.signing import sign

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def dq06_ends_before_it_starts(ground: Ground) -> None:
    """Somebody typed last year's end."""
    line = sign(ground, {"EndDate": ground.world.as_of - timedelta(days=200)})[0]
    ground.tell_without_money("DQ06", line["key"])


def dq06_sold_nothing(ground: Ground) -> None:
    """A line over zero seats."""
    ground.tell_without_money("DQ06", sign(ground, {"Quantity": Decimal(0)})[0]["key"])


def dq06_sold_less_than_nothing(ground: Ground) -> None:
    """A line over minus three seats that takes nothing back: somebody meant a credit."""
    ground.tell_without_money("DQ06", sign(ground, {"Quantity": Decimal(-3)})[0]["key"])


def dq06_discount_above_everything(ground: Ground) -> None:
    """150 percent off: the customer would be paid for using the product."""
    ground.tell_without_money("DQ06", sign(ground, {"Discount_Percent__c": Decimal(150)})[0]["key"])
