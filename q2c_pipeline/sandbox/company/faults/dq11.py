"""DQ11: a deal that was booked in a period is told differently after the period was closed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import at, month_end, month_start
from q2c_pipeline.sandbox.company.money import to_minor
from q2c_pipeline.sandbox.company.world import change

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record

CLOSED_AFTER = timedelta(days=40)
A_WHILE = timedelta(days=8)


def dq11_moved_to_next_period(ground: Ground) -> None:
    """A deal won in a closed month is now said to have been won in the month after, which is closed later."""
    deal = _booked(ground)
    moment = _closed(deal["CloseDate"]) + A_WHILE
    before = deal["Amount"]
    _retell(ground, deal, moment, CloseDate=month_end(deal["CloseDate"]) + timedelta(days=2))
    ground.tell("DQ11", deal["Opportunity_Number__c"], int(to_minor(before, deal["CurrencyIsoCode"])), deal["CurrencyIsoCode"])


def dq11_amount_lowered(ground: Ground) -> None:
    """A discount was written into a deal of a closed month."""
    deal = _booked(ground)
    before = deal["Amount"]
    _retell(ground, deal, _closed(deal["CloseDate"]) + A_WHILE, Amount=before - before // 10)
    lost = before - deal["Amount"]
    ground.tell("DQ11", deal["Opportunity_Number__c"], int(to_minor(lost, deal["CurrencyIsoCode"])), deal["CurrencyIsoCode"])


def _booked(ground: Ground) -> Record:
    """A deal won in a month that was closed early enough for a change since, whose handover to an order is prompt."""
    deals = ground.world.salesforce["Opportunity"]
    key = ground.pick("booked deal", deals, lambda key: key not in ground.used and _is_long_closed(ground, deals[key]))
    ground.used.add(key)
    return deals[key]


def _is_long_closed(ground: Ground, deal: Record) -> bool:
    return bool(deal["IsWon"] and deal["Amount"] >= 20 and _closed(deal["CloseDate"]) + A_WHILE <= ground.settled_day)


def _closed(day: date) -> date:
    """Day on which the books of a day's month are closed."""
    return month_end(month_start(day)) + CLOSED_AFTER


def _retell(ground: Ground, deal: Record, day: date, **fields: object) -> None:
    ground.world.earlier_deals[deal["Id"]].append(dict(deal))
    change(deal, at(day, 11), **fields)
