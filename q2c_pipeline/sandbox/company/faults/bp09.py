"""BP09: an invoice is posted in another currency, or at a rate that is not its day's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import CURRENCIES, ENTITIES
from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.ledger import entries_of, write_entries
from q2c_pipeline.sandbox.company.money import convert, to_major, to_minor
from q2c_pipeline.sandbox.company.posting import document_heading, post_payment

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground
    from q2c_pipeline.sandbox.systems import Record

STALE = timedelta(days=45)
TWO_DECIMALS = ("EUR", "GBP", "USD")


def bp09_other_currency(ground: Ground) -> None:
    """The figures are right, but the currency field of the posting is not."""
    world = ground.world
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL and not one["amount_paid"] and _two_decimals(one))
    heading = document_heading(world, invoice, "CustInvc")
    wrong = ground.rng.choice([symbol for symbol in TWO_DECIMALS if symbol != heading.currency])
    number = world.posted[invoice["id"]]
    world.netsuite["transaction"][str(number)].update(
        currency=CURRENCIES[wrong], exchangerate=rate(world, wrong, ENTITIES[heading.entity].currency, heading.day)
    )
    write_entries(world, number, replace(heading, currency=wrong), entries_of(world, number))
    ground.tell("BP09", invoice["number"], invoice["total"], invoice["currency"])


def bp09_stale_rate(ground: Ground) -> None:
    """The rate table was not refreshed: the posting took the rate of six weeks ago."""
    world = ground.world
    invoice = ground.claim_invoice(lambda one: one["status"] in FINAL and abs(_worth_moved(ground, one)) > 1)
    heading = document_heading(world, invoice, "CustInvc")
    base = ENTITIES[heading.entity].currency
    number = world.posted[invoice["id"]]
    header = world.netsuite["transaction"][str(number)]
    header["exchangerate"] = rate(world, heading.currency, base, heading.day - STALE)
    write_entries(world, number, heading, entries_of(world, number))
    for payment in world.payments_of.get(invoice["id"], ()):
        post_payment(world, payment)
    total = to_major(invoice["total"], heading.currency)
    right = convert(total, rate(world, heading.currency, base, heading.day), base)
    posted = world.netsuite["transactionline"][world.ledger_lines[number][0]]["netamount"]
    ground.tell("BP09", invoice["number"], int(to_minor(right - posted, base)), base)


def _two_decimals(invoice: Record) -> bool:
    return invoice["currency"].upper() in TWO_DECIMALS and invoice["metadata"]["legal_entity"] != "JP"


def _worth_moved(ground: Ground, invoice: Record) -> Decimal:
    """What the wrong rate changes on a foreign invoice, in the books' currency; zero on others."""
    heading = document_heading(ground.world, invoice, "CustInvc")
    base = ENTITIES[heading.entity].currency
    total = to_major(invoice["total"], heading.currency)
    rates = [rate(ground.world, heading.currency, base, day) for day in (heading.day, heading.day - STALE)]
    return convert(total, rates[0], base) - convert(total, rates[1], base)
