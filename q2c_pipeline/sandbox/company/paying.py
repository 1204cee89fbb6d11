"""Money in and out: payments, partial payments, write-offs, refunds, voided invoices that are issued again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.amounts import restate_invoice
from q2c_pipeline.sandbox.company.posting import post_payment, post_refund, set_status

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record


def plan_settlement(world: World, invoice_id: str, day: date) -> None:
    """Decide how the customer will treat an invoice: pay, pay in two parts, or not at all."""
    invoice = world.stripe["invoice"][invoice_id]
    due = invoice["due_date"].date()
    habit = world.rng.randrange(100)
    delay = timedelta(days=world.rng.randint(-8, 6))
    if habit < 20:
        world.plan(day + timedelta(days=2), "settle", pay, invoice_id, 100)
    elif habit < 75:
        world.plan(max(day, due + delay), "settle", pay, invoice_id, 100)
    elif habit < 88:
        world.plan(max(day, due + delay), "settle", pay, invoice_id, 60)
        world.plan(due + timedelta(days=18), "settle", pay, invoice_id, 100)
    elif habit < 92:
        world.plan(due + timedelta(days=60), "settle", write_off, invoice_id)


def pay(world: World, day: date, invoice_id: str, share: int) -> None:
    """Receive a share (percent) of what is left of an open invoice."""
    invoice = world.stripe["invoice"][invoice_id]
    amount = invoice["amount_remaining"] * share // 100
    if invoice["status"] != "open" or amount <= 0:
        return
    moment = world.moment(day, 14)
    intent, charge = world.ids.stripe("pi"), world.ids.stripe("ch")
    common = {"amount": amount, "currency": invoice["currency"], "customer": invoice["customer"], "created": moment}
    world.stripe["payment_intent"][intent] = {
        "id": intent,
        **common,
        "amount_received": amount,
        "status": "succeeded",
        "latest_charge": charge,
    }
    world.stripe["charge"][charge] = {
        "id": charge,
        **common,
        "amount_refunded": 0,
        "status": "succeeded",
        "paid": True,
        "payment_intent": intent,
    }
    payment = _invoice_payment(world, invoice_id, amount, intent, moment=moment)
    world.payments_of[invoice_id].append(payment)
    invoice["amount_paid"] += amount
    restate_invoice(world, invoice_id)
    post_payment(world, payment)
    settle_if_nothing_left(world, invoice_id, day)


def _invoice_payment(world: World, invoice_id: str, amount: int, intent: str, *, moment: object) -> str:
    identifier = world.ids.stripe("inpay")
    world.stripe["invoice_payment"][identifier] = {
        "id": identifier,
        "invoice": invoice_id,
        "status": "paid",
        "amount_paid": amount,
        "amount_requested": amount,
        "currency": world.stripe["invoice"][invoice_id]["currency"],
        "created": moment,
        "payment": {"type": "payment_intent", "payment_intent": intent},
    }
    return identifier


def settle_if_nothing_left(world: World, invoice_id: str, day: date) -> None:
    """Mark an invoice as paid once nothing remains, even one that was given up before."""
    invoice = world.stripe["invoice"][invoice_id]
    if invoice["status"] in {"open", "uncollectible"} and invoice["amount_remaining"] == 0:
        moment = world.moment(day, 14)
        invoice["status"] = "paid"
        invoice["status_transitions"]["paid_at"] = moment
        set_status(world, invoice_id, "B", moment)


def write_off(world: World, day: date, invoice_id: str) -> None:
    """Give up on an open invoice; the receivable stays in the books until finance decides."""
    invoice = world.stripe["invoice"][invoice_id]
    if invoice["status"] == "open":
        invoice["status"] = "uncollectible"
        invoice["status_transitions"]["marked_uncollectible_at"] = world.moment(day, 15)


def refund(world: World, invoice_id: str, amount: int, day: date) -> None:
    """Pay an amount back, from the latest charges of an invoice first."""
    for payment_id in reversed(world.payments_of[invoice_id]):
        charge = charge_of(world, payment_id)
        part = min(amount, charge["amount"] - charge["amount_refunded"])
        if part <= 0:
            continue
        identifier = world.ids.stripe("re")
        world.stripe["refund"][identifier] = {
            "id": identifier,
            "charge": charge["id"],
            "amount": part,
            "currency": charge["currency"],
            "status": "succeeded",
            "created": world.moment(day, 15),
        }
        charge["amount_refunded"] += part
        world.charge_refunds[charge["id"]].append(identifier)
        post_refund(world, identifier, invoice_id)
        amount -= part
        if not amount:
            return


def charge_of(world: World, payment_id: str) -> Record:
    """The charge behind an invoice payment."""
    intent = world.stripe["invoice_payment"][payment_id]["payment"]["payment_intent"]
    return world.stripe["charge"][world.stripe["payment_intent"][intent]["latest_charge"]]
