"""BB17: invoices go to a customer whom finance has put on hold, or bill what has no tax class."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.dates import DAY, at
from q2c_pipeline.sandbox.company.faults.ground import FINAL

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record

WEEKS_BACK = 12


def bb17_invoiced_on_hold(ground: Ground) -> None:
    """Finance put a customer on hold weeks ago; billing went on."""
    _hold(ground, longest=True)


def bb17_held_on_the_day_of_an_invoice(ground: Ground) -> None:
    """The hold came the evening after an invoice: that one was right, the next one was not."""
    _hold(ground, longest=False)


def bb17_product_without_tax_code(ground: Ground) -> None:
    """A product is billed although nobody told the tax engine what it is."""
    stripe = ground.world.stripe
    billed = {line["pricing"]["price_details"]["product"] for line in stripe["invoice_line"].values()}
    codes = {stripe["product"][one]["metadata"].get("product_code", ""): one for one in billed}
    code = ground.pick("billed product", codes, lambda one: bool(one) and f"product:{one}" not in ground.used)
    ground.used.add(f"product:{code}")
    stripe["product"][codes[code]]["tax_code"] = None
    ground.tell_without_money("BB17", f"{code}@billing")


def _hold(ground: Ground, *, longest: bool) -> None:
    account = ground.claim_account(lambda one: _day(ground, one, longest=longest) is not None)
    day = _day(ground, account, longest=longest)
    if day is None:
        raise AssertionError(account["AccountNumber"])
    customer = ground.world.netsuite["customer"][account["ERP_Customer_Id__c"]]
    customer.update(creditholdoverride="ON", lastmodifieddate=at(day, 20))
    for invoice in _invoices(ground, account):
        if invoice["effective_at"].date() > day:
            ground.used.add(invoice["id"])
            ground.tell("BB17", invoice["number"], -invoice["total"], invoice["currency"])


def _day(ground: Ground, account: Record, *, longest: bool) -> date | None:
    """A day of an invoice after which others came, none of which another fault has touched; the earliest or the latest."""
    if not account["ERP_Customer_Id__c"]:
        return None
    since = ground.world.netsuite["customer"][account["ERP_Customer_Id__c"]]["lastmodifieddate"].date()
    since = max(since, ground.world.as_of - timedelta(weeks=WEEKS_BACK))
    issued = sorted((invoice["effective_at"].date(), invoice["id"] in ground.used) for invoice in _invoices(ground, account))
    days = [day for day, _ in issued if day > since + DAY and any(later > day for later, _ in issued)]
    clean = [day for day in days if not any(is_used for later, is_used in issued if later > day)]
    return (min if longest else max)(clean, default=None)


def _invoices(ground: Ground, account: Record) -> list[Record]:
    """Final invoices of a customer that ask for money."""
    invoices = ground.world.stripe["invoice"].values()
    mine = [one for one in invoices if one["customer"] == account["Billing_Account_Id__c"]]
    return [one for one in mine if one["status"] in FINAL and one["total"] > 0]
