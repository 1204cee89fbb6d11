"""LA01: a handover took longer than agreed although everything agrees in the end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import month_end, month_start
from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.world import change

if TYPE_CHECKING:
    from collections.abc import Callable

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record

SLOW_POSTING = timedelta(days=9)


def la01_won_long_before_the_order(ground: Ground) -> None:
    """The deal was won twelve days before anybody activated its order."""
    opportunity = _claim_deal(ground, lambda one: bool(one["IsWon"]))
    change(opportunity, opportunity["SystemModstamp"], CloseDate=opportunity["CloseDate"] - timedelta(days=12))
    ground.tell_without_money("LA01", opportunity["Opportunity_Number__c"])


def la01_won_without_an_order(ground: Ground) -> None:
    """The deal was won a week ago; its order is still a draft."""
    orders = ground.world.salesforce["Order"].values()
    drafted = {order["OpportunityId"] for order in orders if order["Status"] == "Draft"}
    opportunity = _claim_deal(ground, lambda one: not one["IsClosed"] and one["Id"] in drafted)
    day = ground.world.as_of - timedelta(days=7)
    change(opportunity, opportunity["SystemModstamp"], StageName="Closed Won", IsClosed=True, IsWon=True, CloseDate=day)
    ground.tell_without_money("LA01", opportunity["Opportunity_Number__c"])


def la01_posted_late_in_its_month(ground: Ground) -> None:
    """An invoice was posted nine days after its date, still inside its month, so that no period is wrong."""
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL and _can_wait(ground, one))
    header = ground.world.netsuite["transaction"][str(ground.world.posted[invoice["id"]])]
    header["trandate"] += SLOW_POSTING
    ground.tell_without_money("LA01", invoice["number"])


def _can_wait(ground: Ground, invoice: Record) -> bool:
    day = invoice["effective_at"].date() + SLOW_POSTING
    return bool(day <= min(month_end(month_start(invoice["effective_at"].date())), ground.settled_day))


def _claim_deal(ground: Ground, suits: Callable[[Record], bool]) -> Record:
    deals = ground.world.salesforce["Opportunity"]
    key = ground.pick("opportunity", deals, lambda key: key not in ground.used and suits(deals[key]))
    ground.used.add(key)
    return deals[key]
