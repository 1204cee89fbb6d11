"""BB02: something is billed that nobody ordered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.billing import Bill, Draft, issue_invoice
from q2c_pipeline.sandbox.company.catalogue import PRODUCT
from q2c_pipeline.sandbox.company.dates import DAY, add_months, midnight
from q2c_pipeline.sandbox.company.money import plain, to_minor
from q2c_pipeline.sandbox.company.setup import ensure_price
from q2c_pipeline.sandbox.company.terms import Root

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def bb02_subscription_without_contract(ground: Ground) -> None:
    """A subscription made by hand, without any reference to an order, bills two months."""
    start = ground.settled_day - timedelta(days=33)
    root = _unordered(ground, "SANDBOX-ENV", start)
    root.subscription_id, root.item_id = _subscribe(ground, root)
    net = 0
    for number in (0, 1):
        first = add_months(start, number)
        net += _bill(ground, root, first, add_months(first, 1) - DAY)
    ground.tell("BB02", root.subscription_id, -net, root.currency)


def bb02_manual_item(ground: Ground) -> None:
    """A one-off invoice made by hand, without metadata."""
    day = ground.settled_day - timedelta(days=10)
    root = _unordered(ground, "TRAINING-DAY", day)
    net = _bill(ground, root, day, day)
    number = list(ground.world.stripe["invoice"].values())[-1]["number"]
    ground.tell("BB02", number, -net, root.currency)


def _unordered(ground: Ground, product: str, start: date) -> Root:
    """A line that only billing knows of, for a customer who has been invoiced before."""
    account = ground.claim_account(lambda account: bool(account["Billing_Account_Id__c"]) and _has_bills(ground, account))
    item = next(iter(ground.world.salesforce["OrderItem"]))
    recurring = product != "TRAINING-DAY"
    return Root(
        key="",
        order_id="",
        order_item_id=item,
        account_id=account["Id"],
        product=PRODUCT[product],
        entity=account["Legal_Entity__c"],
        currency=account["CurrencyIsoCode"],
        start=start,
        end=add_months(start, 12),
        frequency="Monthly" if recurring else "One-Time",
        timing="Advance",
        anchor="Start",
        price_period=PRODUCT[product].price_period,
        charge_type="Recurring" if recurring else "One-Time",
    )


def _has_bills(ground: Ground, account: Record) -> bool:
    return any(i["customer"] == account["Billing_Account_Id__c"] for i in ground.world.stripe["invoice"].values())


def _subscribe(ground: Ground, root: Root) -> tuple[str, str]:
    world = ground.world
    subscription, item = world.ids.stripe("sub"), world.ids.stripe("si")
    account = world.salesforce["Account"][root.account_id]
    created = world.moment(root.start, 1)
    world.stripe["subscription"][subscription] = {
        "id": subscription,
        "customer": account["Billing_Account_Id__c"],
        "status": "active",
        "currency": root.currency.lower(),
        "start_date": midnight(root.start),
        "created": created,
        "billing_cycle_anchor": midnight(root.start),
        "cancel_at": None,
        "canceled_at": None,
        "ended_at": None,
        "collection_method": "send_invoice",
        "days_until_due": int(account["Payment_Terms__c"][3:]),
        "latest_invoice": None,
        "metadata": {},
    }
    world.stripe["subscription_item"][item] = {
        "id": item,
        "subscription": subscription,
        "price": _price(ground, root),
        "created": created,
        "current_period_start": midnight(add_months(root.start, 1)),
        "current_period_end": midnight(add_months(root.start, 2)),
        "metadata": {},
        "quantity": 2,
    }
    return subscription, item


def _price(ground: Ground, root: Root) -> str:
    return ensure_price(ground.world, root, root.product.list_price(root.currency))


def _bill(ground: Ground, root: Root, first: date, last: date) -> int:
    unit = to_minor(root.product.list_price(root.currency), root.currency)
    net = int(2 * unit)
    draft = Draft(root, first, last, net, net, 2, _price(ground, root), plain(unit))
    reason = "subscription_cycle" if root.subscription_id else "manual"
    bill = Bill(root.account_id, root.entity, root.currency, (draft,), root.subscription_id, reason)
    ground.used.add(issue_invoice(ground.world, bill, first, settle=False))
    return net
