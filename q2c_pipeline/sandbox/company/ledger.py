"""The NetSuite general ledger: transactions whose lines balance in document and in base currency, in two books."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from q2c_pipeline.sandbox.company.catalogue import CHART, CURRENCIES, ENTITIES
from q2c_pipeline.sandbox.company.dates import month_start
from q2c_pipeline.sandbox.company.foundation import rate
from q2c_pipeline.sandbox.company.money import convert

if TYPE_CHECKING:
    from datetime import date, datetime

    from q2c_pipeline.sandbox.company.world import World
    from q2c_pipeline.sandbox.systems import Record

BOOKS = (1, 2)


@dataclass(frozen=True)
class Entry:
    """One ledger line in document currency, debit positive; `base` overrides the converted amount."""

    account: str
    amount: Decimal
    base: Decimal | None = None
    item: int | None = None
    contract_line: str | None = None
    memo: str | None = None
    release: bool = False


@dataclass(frozen=True)
class Heading:
    """The head of a ledger transaction."""

    kind: str
    tranid: str
    externalid: str | None
    source: str | None
    entity: str
    currency: str
    customer: int | None
    day: date
    moment: datetime
    status: str = "A"
    memo: str | None = None


def post(world: World, heading: Heading, entries: list[Entry]) -> int:
    """Post a transaction; the first entry takes the remainder of conversion so that base currency balances too."""
    number = world.ids.number("transaction", 10001)
    world.netsuite["transaction"][str(number)] = _header(world, heading, number)
    write_entries(world, number, heading, entries)
    return number


def _header(world: World, heading: Heading, number: int) -> Record:
    base = ENTITIES[heading.entity].currency
    return {
        "id": number,
        "type": heading.kind,
        "tranid": heading.tranid,
        "transactionnumber": f"{heading.kind.upper()}{number}",
        "externalid": heading.externalid,
        "otherrefnum": None,
        "trandate": heading.day,
        "status": heading.status,
        "entity": heading.customer,
        "currency": CURRENCIES[heading.currency],
        "exchangerate": rate(world, heading.currency, base, heading.day),
        "postingperiod": world.periods[month_start(heading.day)],
        "posting": True,
        "memo": heading.memo,
        "isreversal": False,
        "createddate": heading.moment,
        "lastmodifieddate": heading.moment,
        "custbody_source_document": heading.source,
        "voided": False,
    }


def write_entries(world: World, number: int, heading: Heading, entries: list[Entry]) -> None:
    """Replace the lines of a transaction."""
    erase_lines(world, number)
    header = world.netsuite["transaction"][str(number)]
    base_currency = ENTITIES[heading.entity].currency
    bases = [
        entry.base if entry.base is not None else convert(entry.amount, header["exchangerate"], base_currency)
        for entry in entries
    ]
    if all(entry.base is None for entry in entries):
        bases[0] -= sum(bases, Decimal(0))
    for index, (entry, base) in enumerate(zip(entries, bases, strict=True)):
        _write_line(world, header, ENTITIES[heading.entity].number, index, entry, base)


def _write_line(world: World, header: Record, subsidiary: int, index: int, entry: Entry, base: Decimal) -> None:
    number = header["id"]
    key = f"{number}-{index}"
    world.ledger_lines.setdefault(number, []).append(key)
    world.netsuite["transactionline"][key] = {
        "transaction": number,
        "id": index,
        "uniquekey": world.ids.number("uniquekey", 700001),
        "linesequencenumber": index,
        "mainline": index == 0 and header["type"] != "Journal",
        "taxline": entry.account == "tax",
        "item": entry.item,
        "entity": header["entity"],
        "subsidiary": subsidiary,
        "foreignamount": entry.amount,
        "netamount": base,
        "memo": entry.memo,
        "isrevrectransaction": entry.release,
        "custcol_contract_line": entry.contract_line,
        "linelastmodifieddate": header["lastmodifieddate"],
    }
    for book in BOOKS:
        world.netsuite["transactionaccountingline"][f"{key}-{book}"] = {
            "transaction": number,
            "transactionline": index,
            "accountingbook": book,
            "account": CHART[entry.account].internal_id,
            "posting": header["posting"],
            "debit": base if base > 0 else None,
            "credit": -base if base < 0 else None,
            "amount": base,
            "netamount": base,
            "exchangerate": header["exchangerate"],
            "lastmodifieddate": header["lastmodifieddate"],
        }


def erase_lines(world: World, number: int) -> None:
    """Take the lines of a transaction out of the ledger."""
    for key in world.ledger_lines.pop(number, ()):
        del world.netsuite["transactionline"][key]
        for book in BOOKS:
            del world.netsuite["transactionaccountingline"][f"{key}-{book}"]


def erase(world: World, number: int) -> None:
    """Make a transaction never have happened."""
    erase_lines(world, number)
    del world.netsuite["transaction"][str(number)]


def entries_of(world: World, number: int, *, at_own_rate: bool = False) -> list[Entry]:
    """The lines of a transaction as they could be posted again: converted anew, or with what each is worth in the books."""
    names = {account.internal_id: name for name, account in CHART.items()}
    entries = []
    for key in world.ledger_lines.get(number, ()):
        line = world.netsuite["transactionline"][key]
        account = names[world.netsuite["transactionaccountingline"][f"{key}-1"]["account"]]
        release = line["isrevrectransaction"]
        entries.append(
            Entry(
                account,
                line["foreignamount"],
                line["netamount"] if at_own_rate else None,
                item=line["item"],
                contract_line=line["custcol_contract_line"],
                memo=line["memo"],
                release=release,
            )
        )
    return entries


def shift_line(world: World, key: str, amount: Decimal) -> None:
    """Add an amount to one ledger line, in document and base currency alike, leaving the others as they are."""
    line = world.netsuite["transactionline"][key]
    accounting = [world.netsuite["transactionaccountingline"][f"{key}-{book}"] for book in BOOKS]
    currency = next(entity.currency for entity in ENTITIES.values() if entity.number == line["subsidiary"])
    base = convert(amount, accounting[0]["exchangerate"], currency)
    line["foreignamount"] += amount
    line["netamount"] += base
    for entry in accounting:
        total = entry["amount"] + base
        entry.update(amount=total, netamount=total, debit=total if total > 0 else None, credit=-total if total < 0 else None)
