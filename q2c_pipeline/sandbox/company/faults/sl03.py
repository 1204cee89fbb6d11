"""SL03: money settles an invoice of somebody else, or more than was open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.faults.sl02 import claim_payment
from q2c_pipeline.sandbox.company.paying import charge_of
from q2c_pipeline.sandbox.company.posting import ledger_customer, post_payment

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record


def sl03_paid_by_other_customer(ground: Ground) -> None:
    """A clerk found an open invoice of the same amount, and settled it with the money of another customer."""
    for _ in range(ground.volume):
        payment = claim_payment(ground)
        stripe = ground.world.stripe
        charge = charge_of(ground.world, payment["id"])
        other = _other_customer(ground, charge["customer"])
        charge["customer"] = stripe["payment_intent"][payment["payment"]["payment_intent"]]["customer"] = other
        ground.used.add(charge["id"])
        ground.tell("SL03", payment["id"], -payment["amount_paid"], payment["currency"])


def sl03_entered_for_other_customer(ground: Ground) -> None:
    """Billing is right, but the ledger's payment stands on the account of another customer."""
    payment = claim_payment(ground)
    charge = charge_of(ground.world, payment["id"])
    other = ledger_customer(ground.world, _other_customer(ground, charge["customer"]))
    number = ground.world.posted[payment["id"]]
    ground.world.netsuite["transaction"][str(number)]["entity"] = other
    for key in ground.world.ledger_lines[number]:
        ground.world.netsuite["transactionline"][key]["entity"] = other
    ground.tell("SL03", payment["id"], -payment["amount_paid"], payment["currency"])


def sl03_above_open_balance(ground: Ground) -> None:
    """The customer rounded up, and the whole of it was applied to the invoice instead of staying on account."""
    world = ground.world
    payment = claim_payment(ground, _settles_alone(ground))
    charge, more = charge_of(world, payment["id"]), ground.rng.randint(1, 40) * 5
    intent = world.stripe["payment_intent"][payment["payment"]["payment_intent"]]
    for record, names in (
        (payment, ("amount_paid", "amount_requested")),
        (charge, ("amount",)),
        (intent, ("amount", "amount_received")),
        (world.stripe["invoice"][payment["invoice"]], ("amount_paid",)),
    ):
        record.update({name: record[name] + more for name in names})
    post_payment(world, payment["id"])
    ground.used.add(charge["id"])
    ground.tell("SL03", payment["id"], -more, payment["currency"])


def _settles_alone(ground: Ground) -> dict[str, Record]:
    """Payments that settle a whole invoice of which nothing was credited."""
    world = ground.world
    return {
        key: payment
        for key, payment in world.stripe["invoice_payment"].items()
        if world.payments_of[payment["invoice"]] == [key]
        and world.stripe["invoice"][payment["invoice"]]["status"] == "paid"
        and not world.credits_of.get(payment["invoice"])
    }


def _other_customer(ground: Ground, customer: str) -> str:
    owners = ground.world.customer_account
    accounts = ground.world.salesforce["Account"]
    known = [one for one, account in owners.items() if account != owners[customer] and accounts[account]["ERP_Customer_Id__c"]]
    return ground.rng.choice(sorted(known))
