"""SL05: money or credit of a customer lies about, and nobody applies it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.faults.sl02 import claim_payment
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.ledger import Entry, Heading, post
from q2c_pipeline.sandbox.company.money import convert, to_major
from q2c_pipeline.sandbox.company.paying import charge_of
from q2c_pipeline.sandbox.company.posting import ledger_customer
from q2c_pipeline.sandbox.company.rework import remove_refund

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record

LIMIT = timedelta(days=30)
"""What the default policy allows."""


def sl05_cash_on_account(ground: Ground) -> None:
    """A customer paid without saying what for, months ago; another one did so last week, which is no exception yet."""
    old, young = ground.world.as_of - LIMIT - timedelta(days=15), ground.world.as_of - timedelta(days=7)
    for day in (*[old] * ground.volume, young):
        charge = _receive(ground, day, ground.rng.randint(5, 60) * 1000)
        if day == old:
            ground.tell("SL05", charge["id"], charge["amount"], charge["currency"])


def sl05_rest_of_a_payment(ground: Ground) -> None:
    """A payment was more than the invoice asked for; the rest was rightly left on account, and forgotten there."""
    world = ground.world
    latest = world.as_of - LIMIT - timedelta(days=1)
    payments = world.stripe["invoice_payment"]
    payment = claim_payment(ground, {key: one for key, one in payments.items() if one["created"].date() < latest})
    charge, rest = charge_of(world, payment["id"]), ground.rng.randint(1, 20) * 100
    intent = world.stripe["payment_intent"][payment["payment"]["payment_intent"]]
    charge["amount"] += rest
    intent.update(amount=intent["amount"] + rest, amount_received=intent["amount_received"] + rest)
    entity = world.stripe["invoice"][payment["invoice"]]["metadata"]["legal_entity"]
    _post(ground, charge, entity, payment["created"].date(), rest)
    ground.used.add(charge["id"])
    ground.tell("SL05", charge["id"], rest, charge["currency"])


def withhold_refund(ground: Ground) -> Record:
    """Let the money for a credited, paid invoice never have been paid back: the credit has waited for months."""
    world = ground.world
    notes = world.stripe["credit_note"]
    note = notes[ground.pick("credit note that was paid back", notes, lambda key: _was_paid_back(ground, notes[key]))]
    ground.used |= {note["id"], note["invoice"]}
    for charge in _charges(ground, note["invoice"]):
        for refund in world.charge_refunds.pop(charge, []):
            remove_refund(world, refund)
    ground.tell("SL05", note["number"], note["post_payment_amount"], note["currency"])
    return note


def _was_paid_back(ground: Ground, note: Record) -> bool:
    """Tell whether a note is the only one of its invoice, older than the limit, and all refunds are its own."""
    world = ground.world
    charges = _charges(ground, note["invoice"]) if note["status"] == "issued" and note["post_payment_amount"] else []
    refunds = [world.stripe["refund"][key] for charge in charges for key in world.charge_refunds.get(charge, ())]
    return (
        not ground.used & {note["id"], note["invoice"], *charges}
        and world.credits_of[note["invoice"]] == [note["id"]]
        and note["created"].date() < world.as_of - LIMIT - timedelta(days=1)
        and bool(refunds)
        and sum(one["amount"] for one in refunds) == note["post_payment_amount"]
    )


def _charges(ground: Ground, invoice: str) -> list[str]:
    return [charge_of(ground.world, payment)["id"] for payment in ground.world.payments_of.get(invoice, ())]


def _receive(ground: Ground, day: date, amount: int) -> Record:
    """Money of a customer that names no invoice, entered in the ledger as such."""
    world = ground.world
    accounts = world.salesforce["Account"]
    customers = {one for one, account in world.customer_account.items() if accounts[account]["ERP_Customer_Id__c"]}
    customer = ground.pick("customer", customers - ground.used)
    account = accounts[world.customer_account[customer]]
    ground.used |= {customer, account["Id"]}
    identifier, intent = world.ids.stripe("ch"), world.ids.stripe("pi")
    common = {
        "amount": amount,
        "currency": account["CurrencyIsoCode"].lower(),
        "customer": customer,
        "created": world.moment(day, 14),
        "status": "succeeded",
    }
    world.stripe["payment_intent"][intent] = {"id": intent, **common, "amount_received": amount, "latest_charge": identifier}
    world.stripe["charge"][identifier] = charge = {
        "id": identifier,
        **common,
        "amount_refunded": 0,
        "paid": True,
        "payment_intent": intent,
    }
    ground.used.add(identifier)
    _post(ground, charge, account["Legal_Entity__c"], day, amount)
    return charge


def _post(ground: Ground, charge: Record, entity: str, day: date, minor: int) -> None:
    """Cash against the receivable, under the id of the charge itself."""
    world, currency = ground.world, charge["currency"].upper()
    customer = ledger_customer(world, charge["customer"])
    name = f"PMT-{charge['id'].split('_')[1][-8:]}-OA"
    heading = Heading("CustPymt", name, charge["id"], None, entity, currency, customer, day, world.moment(day, 20), "B")
    base = ENTITIES[entity].currency
    amount: Decimal = to_major(minor, currency)
    worth = convert(amount, rate(world, currency, base, day), base)
    post(world, heading, [Entry("cash", amount, worth), Entry("receivable", -amount, -worth)])
