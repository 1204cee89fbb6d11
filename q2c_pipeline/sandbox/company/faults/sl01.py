"""SL01: the receivable control account holds something else than the open items."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import ENTITIES
from q2c_pipeline.sandbox.company.faults.sl02 import claim_payment, payment_heading
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.ledger import entries_of, post, write_entries
from q2c_pipeline.sandbox.company.money import to_major
from q2c_pipeline.sandbox.company.posting import money_entries

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground

TYPO = 9
"""Major units by which a transposed pair of digits is off."""


def sl01_payment_keyed_wrong(ground: Ground) -> None:
    """A payment was keyed by hand with two digits transposed: more was posted than the customer paid."""
    for _ in range(ground.volume):
        payment = claim_payment(ground)
        currency = payment["currency"].upper()
        paid = to_major(payment["amount_paid"], currency)
        posted = paid + TYPO
        heading = payment_heading(ground, payment)
        invoice = ground.world.stripe["invoice"][payment["invoice"]]
        entries = money_entries(ground.world, invoice, posted, currency, heading.day)
        write_entries(ground.world, ground.world.posted[payment["id"]], heading, entries)
        ground.tell("SL01", payment["id"], TYPO * (1 if currency == "JPY" else 100), currency)


def sl01_payment_unknown_to_billing(ground: Ground) -> None:
    """Money of a bank statement was posted against an invoice that nobody paid in billing."""
    payment = claim_payment(ground)
    currency = payment["currency"].upper()
    heading = payment_heading(ground, payment)
    heading = replace(heading, tranid=f"{heading.tranid}-BANK", externalid=None)
    amount = Decimal(ground.rng.randint(3, 40) * 10)
    invoice = ground.world.stripe["invoice"][payment["invoice"]]
    post(ground.world, heading, money_entries(ground.world, invoice, amount, currency, heading.day))
    ground.tell("SL01", heading.tranid, int(amount) * (1 if currency == "JPY" else 100), currency)


def sl01_payment_in_other_entity(ground: Ground) -> None:
    """A payment stands in the books of a sister company: both control accounts are off, together they are right."""
    world = ground.world
    payment = claim_payment(ground)
    number = world.posted[payment["id"]]
    heading = payment_heading(ground, payment)
    wrong = ground.rng.choice([code for code in sorted(ENTITIES) if code != heading.entity])
    entries = [entry for entry in entries_of(world, number) if entry.account != "fx"]
    world.netsuite["transaction"][str(number)]["exchangerate"] = rate(
        world, heading.currency, ENTITIES[wrong].currency, heading.day
    )
    write_entries(world, number, replace(heading, entity=wrong), entries)
    ground.tell("SL01", payment["id"], -payment["amount_paid"], heading.currency)
