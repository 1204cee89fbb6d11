"""BP07: an invoice is posted in another accounting period than its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import DAY, add_months, month_end, month_start
from q2c_pipeline.sandbox.company.faults.ground import FINAL

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def bp07_next_month(ground: Ground) -> None:
    """An invoice of the month's last days was posted on the first of the next."""
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL and _month(one, 1) <= ground.settled_day)
    _move(ground, invoice, 1, _month(invoice, 1))


def bp07_previous_month(ground: Ground) -> None:
    """An invoice was back-dated into the month before."""
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL and _month(one, -1) >= ground.world.start)
    _move(ground, invoice, -1, month_end(month_start(invoice["effective_at"].date()) - DAY))


def _month(invoice: Record, months: int) -> date:
    return add_months(month_start(invoice["effective_at"].date()), months)


def _move(ground: Ground, invoice: Record, months: int, day: date) -> None:
    header = ground.world.netsuite["transaction"][str(ground.world.posted[invoice["id"]])]
    period = add_months(month_start(invoice["effective_at"].date()), months)
    header.update(trandate=day, postingperiod=ground.world.periods[period])
    ground.tell("BP07", invoice["number"], invoice["total"], invoice["currency"])
