"""A day on which some records, drawn at random, change in all three systems: enough days find what two records have in common."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from q2c_pipeline.sandbox.systems import Record, Systems


def some_changes(systems: Systems, day: date, rng: random.Random) -> None:
    """Two of each kind, on records drawn by `rng`."""
    systems.as_of = day
    moment = datetime.combine(day, time(10), tzinfo=UTC)
    for _ in range(2):
        for change in (
            _price,
            _name,
            _number_of_customer,
            _status_of_invoice,
            _line_that_a_journal_names,
            _document_that_it_names,
        ):
            change(systems, moment, rng)


def first_release(systems: Systems, day: date) -> None:
    """The first release of the day's month: one of an earlier month once more, with all its lines."""
    systems.as_of = day
    moment, tables = datetime.combine(day, time(10), tzinfo=UTC), systems.netsuite
    period = next(one["id"] for one in tables["accountingperiod"].values() if one["startdate"] == day.replace(day=1))
    number = next(one["transaction"] for one in tables["transactionline"].values() if one["isrevrectransaction"])
    model = next(one for one in tables["transaction"].values() if one["id"] == number)
    news = {"id": 99002, "tranid": "REL-FIRST", "transactionnumber": "JOURNAL99002", "externalid": None, "postingperiod": period}
    tables["transaction"]["99002"] = model | news | {"trandate": day, "createddate": moment, "lastmodifieddate": moment}
    for name, stamp in (("transactionline", "linelastmodifieddate"), ("transactionaccountingline", "lastmodifieddate")):
        for key, row in [(key, row) for key, row in tables[name].items() if row["transaction"] == number]:
            tables[name][f"99002-{key}"] = row | {"transaction": 99002, stamp: moment + timedelta(seconds=1)}


def _any(rng: random.Random, records: list[Record]) -> Record:
    return rng.choice(records)


def _saved(record: Record, moment: datetime) -> None:
    record["LastModifiedDate"] = record["SystemModstamp"] = moment


def _price(systems: Systems, moment: datetime, rng: random.Random) -> None:
    line = _any(rng, list(systems.salesforce["OrderItem"].values()))
    line["UnitPrice"] += Decimal(rng.choice([-5, 10, 20]))
    _saved(line, moment)


def _name(systems: Systems, moment: datetime, rng: random.Random) -> None:
    account = _any(rng, list(systems.salesforce["Account"].values()))
    account["Name"] = f"{account['Name']} {rng.randint(1, 9)}"
    _saved(account, moment)


def _number_of_customer(systems: Systems, moment: datetime, rng: random.Random) -> None:
    one, other = (_any(rng, list(systems.netsuite["customer"].values())) for _ in range(2))
    one |= {"entityid": other["entityid"], "lastmodifieddate": moment}


def _status_of_invoice(systems: Systems, moment: datetime, rng: random.Random) -> None:
    invoices = [one for one in systems.stripe["invoice"].values() if one["status"] == "open"]
    invoice = _any(rng, invoices)
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = moment
    key = f"evt_any{len(systems.stripe['event'])}"
    event = {"id": key, "type": "invoice.voided", "created": moment, "api_version": "2026-10-28.endive"}
    systems.stripe["event"][key] = {**event, "data": {"object": dict(invoice)}}


def _line_that_a_journal_names(systems: Systems, moment: datetime, rng: random.Random) -> None:
    named = [one for one in systems.netsuite["transactionline"].values() if one.get("custcol_contract_line")]
    line, other = _any(rng, named), _any(rng, named)
    line["custcol_contract_line"] = rng.choice([other["custcol_contract_line"], "ORD-99999/9", None])
    _entered(systems, line, moment)


def _document_that_it_names(systems: Systems, moment: datetime, rng: random.Random) -> None:
    heads = [one for one in systems.netsuite["transaction"].values() if one.get("custbody_source_document")]
    head, other = _any(rng, heads), _any(rng, heads)
    head |= {"custbody_source_document": other["custbody_source_document"], "lastmodifieddate": moment}


def _entered(systems: Systems, line: Record, moment: datetime) -> None:
    line["linelastmodifieddate"] = moment + timedelta(seconds=1)
    heads = systems.netsuite["transaction"].values()
    next(head for head in heads if head["id"] == line["transaction"])["lastmodifieddate"] = moment
