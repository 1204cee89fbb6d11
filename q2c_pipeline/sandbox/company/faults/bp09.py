"""BP09: an invoice is posted in another currency, or at a rate that is not its day's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import CHART, CURRENCIES, ENTITIES
from q2c_pipeline.sandbox.company.dates import DAY
from q2c_pipeline.sandbox.company.faults.ground import FINAL
from q2c_pipeline.sandbox.company.faults.sl02 import claim_payment, payment_heading
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.ledger import Entry, entries_of, erase, write_entries
from q2c_pipeline.sandbox.company.money import convert, to_major, to_minor
from q2c_pipeline.sandbox.company.posting import document_heading, post_payment
from q2c_pipeline.sandbox.company.revaluing import Book, balance_of, name_of, unrealised, write

if TYPE_CHECKING:
    from datetime import date

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


def bp09_realised_not_posted(ground: Ground) -> None:
    """Money in another currency was posted at the rate of its day on both sides, as if nothing had been gained or lost."""
    world = ground.world
    payment = claim_payment(ground, {key for key in world.stripe["invoice_payment"] if abs(_realised(ground, key)) > 1})
    invoice, amount = world.stripe["invoice"][payment["invoice"]], _realised(ground, payment["id"])
    heading = payment_heading(ground, payment)
    paid = to_major(payment["amount_paid"], heading.currency)
    write_entries(world, world.posted[payment["id"]], heading, [Entry("cash", paid), Entry("receivable", -paid)])
    base = ENTITIES[invoice["metadata"]["legal_entity"]].currency
    ground.tell("BP09", payment["id"], int(to_minor(amount, base)), base)


def bp09_revaluation_stale(ground: Ground) -> None:
    """A month's end was valued at the rate of its first day."""
    book, day = _claim_revaluation(ground)
    right, wrong = (unrealised(ground.world, book, balance_of(ground.world, book, day), at) for at in (day, day.replace(day=1)))
    _revalue_again(ground, book, day, wrong)
    base = ENTITIES[book[0]].currency
    ground.tell("BP09", _revalued(book, day), int(to_minor(right - wrong, base)), base)


def bp09_revaluation_forgotten(ground: Ground) -> None:
    """A month's end was not valued at all."""
    book, day = _claim_revaluation(ground)
    _revalue_again(ground, book, day, Decimal(0))
    base = ENTITIES[book[0]].currency
    right = unrealised(ground.world, book, balance_of(ground.world, book, day), day)
    ground.tell("BP09", _revalued(book, day), int(to_minor(right, base)), base)


def _claim_revaluation(ground: Ground) -> tuple[Book, date]:
    """Take a month's revaluation that another rate would change."""
    world = ground.world
    books = {
        name: ((name.split("-")[1], name.split("-")[4]), world.netsuite["transaction"][str(number)]["trandate"])
        for name, number in world.posted.items()
        if name.startswith("FXR-") and not name.endswith("-R")
    }

    def suits(name: str) -> bool:
        book, day = books[name]
        balance = balance_of(world, book, day)
        worths = [unrealised(world, book, balance, at) for at in (day, day.replace(day=1))]
        return name not in ground.used and day <= ground.settled_day and worths[0] != worths[1]

    name = ground.pick("revaluation", books, suits)
    ground.used.add(name)
    return books[name]


def _revalue_again(ground: Ground, book: Book, day: date, amount: Decimal) -> None:
    world = ground.world
    for suffix, on, sign in (("", day, 1), ("-R", day + DAY, -1)):
        erase(world, world.posted.pop(name_of(book, day) + suffix))
        if amount:
            write(world, book, on, name_of(book, day) + suffix, sign * amount)


def _revalued(book: Book, day: date) -> str:
    return f"{book[0]} {book[1]} {day:%Y-%m}"


def _realised(ground: Ground, payment_id: str) -> Decimal:
    """Exchange difference that a payment realised in the ledger, zero for money of the books' own currency."""
    world = ground.world
    lines = world.ledger_lines.get(world.posted.get(payment_id, 0), [])
    chart = {key: world.netsuite["transactionaccountingline"][f"{key}-1"]["account"] for key in lines}
    differences = [key for key, account in chart.items() if account == CHART["fx"].internal_id]
    return sum((world.netsuite["transactionline"][key]["netamount"] for key in differences), Decimal(0))


def _two_decimals(invoice: Record) -> bool:
    return invoice["currency"].upper() in TWO_DECIMALS and invoice["metadata"]["legal_entity"] != "JP"


def _worth_moved(ground: Ground, invoice: Record) -> Decimal:
    """What the wrong rate changes on a foreign invoice, in the books' currency; zero on others."""
    heading = document_heading(ground.world, invoice, "CustInvc")
    base = ENTITIES[heading.entity].currency
    total = to_major(invoice["total"], heading.currency)
    rates = [rate(ground.world, heading.currency, base, day) for day in (heading.day, heading.day - STALE)]
    return convert(total, rates[0], base) - convert(total, rates[1], base)
