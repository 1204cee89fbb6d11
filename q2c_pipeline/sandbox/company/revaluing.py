"""Month-end: open receivables in another currency than the books' are valued at the rate of the day, for one night."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import CHART, CURRENCIES, ENTITIES
from q2c_pipeline.sandbox.company.dates import DAY, at, month_end
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.ledger import Entry, Heading, post
from q2c_pipeline.sandbox.company.money import convert

if TYPE_CHECKING:
    from datetime import date

    from q2c_pipeline.sandbox.company.world import World

Book = tuple[str, str]
"""Legal entity and a currency that is not its own."""
Balance = tuple[Decimal, Decimal]
"""What is open, in that currency and as carried in the books."""


def revalue(world: World) -> None:
    """Value what the ledger now holds at each month's end, and reverse it on the first day of the next month."""
    moved = _movements(world)
    day = month_end(world.start)
    while day <= world.as_of:
        for book in sorted(moved):
            _value(world, book, day, _balance(moved[book], day))
        day = month_end(day + DAY)


def unrealised(world: World, book: Book, balance: Balance, day: date) -> Decimal:
    """What is open, at the rate of a day, less what the books carry: 100.00 EUR at 0.84, carried at 86.00 -> -2.00."""
    entity, currency = book
    base = ENTITIES[entity].currency
    return convert(balance[0], rate(world, currency, base, day), base) - balance[1]


def balance_of(world: World, book: Book, day: date) -> Balance:
    """What is open of a book at a month's end."""
    return _balance(_movements(world).get(book, {}), day)


def name_of(book: Book, day: date) -> str:
    """Number of a revaluation: FXR-UK-2026-01-EUR."""
    return f"FXR-{book[0]}-{day:%Y-%m}-{book[1]}"


def _movements(world: World) -> dict[Book, dict[date, Balance]]:
    """What each month moved on receivable accounts in foreign currencies, by month."""
    months = {number: begin for begin, number in world.periods.items()}
    entities = {entity.number: entity for entity in ENTITIES.values()}
    symbols = {number: symbol for symbol, number in CURRENCIES.items()}
    moved: dict[Book, dict[date, Balance]] = defaultdict(dict)
    for number, keys in world.ledger_lines.items():
        header = world.netsuite["transaction"][str(number)]
        symbol, month = symbols[header["currency"]], months[header["postingperiod"]]
        for key in keys if header["posting"] and header["type"] != "FxReval" else ():
            line = world.netsuite["transactionline"][key]
            entity = entities[line["subsidiary"]]
            account = world.netsuite["transactionaccountingline"][f"{key}-1"]["account"]
            if account == CHART["receivable"].internal_id and symbol != entity.currency:
                book = moved[entity.code, symbol]
                foreign, base = book.get(month, (Decimal(0), Decimal(0)))
                book[month] = (foreign + line["foreignamount"], base + line["netamount"])
    return moved


def _balance(months: dict[date, Balance], day: date) -> Balance:
    gone = [moved for month, moved in months.items() if month <= day]
    return sum((one[0] for one in gone), Decimal(0)), sum((one[1] for one in gone), Decimal(0))


def _value(world: World, book: Book, day: date, balance: Balance) -> None:
    amount = unrealised(world, book, balance, day)
    if amount:
        write(world, book, day, name_of(book, day), amount)
        if day < world.as_of:
            write(world, book, day + DAY, f"{name_of(book, day)}-R", -amount)


def write(world: World, book: Book, day: date, name: str, amount: Decimal) -> None:
    """Post a revaluation: nothing in the foreign currency, an amount in the books' own."""
    entity, currency = book
    heading = Heading("FxReval", name, None, None, entity, currency, None, day, at(day, 22), "B", "Currency revaluation")
    entries = [Entry("receivable", Decimal(0), amount), Entry("fx", Decimal(0), -amount)]
    world.posted[name] = post(world, heading, entries)
