"""What happens in a company between two nights: records are added, changed, voided and deleted in all three systems."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from q2c_pipeline.sandbox.systems import Record, Systems
from q2c_pipeline_tests.scenarios.nights import NEXT_DAY

MORNING = datetime.combine(NEXT_DAY, time(10), tzinfo=UTC)


def a_day_of_changes(systems: Systems) -> None:
    """One of each kind of change on the day after the first night."""
    systems.as_of = NEXT_DAY
    for change in (_price_of_order_line, _customer_names, _order_line_deleted, _new_order):
        change(systems)
    for change in (_new_invoice, _voided_invoice, _credit_note_voided, _subscription_item, _customer_deleted):
        change(systems)
    for change in (_line_removed, _transaction_deleted, _transaction_voided, _new_journal, _new_rate):
        change(systems)


def touched(record: Record, day: date) -> None:
    """Let a Salesforce record have been saved at noon of a day."""
    record["LastModifiedDate"] = record["SystemModstamp"] = datetime.combine(day, time(12), tzinfo=UTC)


# --- Salesforce ---


def _stamped(record: Record) -> None:
    record["LastModifiedDate"] = record["SystemModstamp"] = MORNING


def _activated(systems: Systems) -> list[str]:
    return [key for key, order in systems.salesforce["Order"].items() if order["Status"] == "Activated"]


def _lines_of(systems: Systems, order: str) -> list[Record]:
    return [line for line in systems.salesforce["OrderItem"].values() if line["OrderId"] == order]


def _price_of_order_line(systems: Systems) -> None:
    line = _lines_of(systems, _activated(systems)[0])[0]
    line["UnitPrice"] += Decimal(20)
    _stamped(line)


def _customer_names(systems: Systems) -> None:
    account = next(iter(systems.salesforce["Account"].values()))
    account["Name"] = "Renamed"
    _stamped(account)
    # Its own field: MD04 knows others. And nobody held: since when a hold stands, only those know who read the record before.
    free = [one for one in systems.netsuite["customer"].values() if one.get("creditholdoverride") != "ON"]
    free[1] |= {"terms": "NET60", "lastmodifieddate": MORNING}


def _order_line_deleted(systems: Systems) -> None:
    line = _lines_of(systems, _activated(systems)[1])[-1]
    line["IsDeleted"] = True
    _stamped(line)


def _new_order(systems: Systems) -> None:
    model = systems.salesforce["Order"][_activated(systems)[2]]
    order = {**model, "Id": "801Q200000NEWORDAA", "OrderNumber": "ORD-90001", "CreatedDate": MORNING, "ActivatedDate": MORNING}
    order |= {"Billing_Subscription_Id__c": None, "Billing_Status__c": "Pending"}
    _stamped(order)
    systems.salesforce["Order"][order["Id"]] = order
    for number, line in enumerate(_lines_of(systems, model["Id"])):
        copied = {**line, "Id": f"802Q20000NEWLIN{number:02}A", "OrderId": order["Id"], "CreatedDate": MORNING}
        copied |= {"OriginalOrderItemId": None, "Billing_Subscription_Item_Id__c": None}
        _stamped(copied)
        systems.salesforce["OrderItem"][copied["Id"]] = copied


# --- Stripe ---


def _tell(systems: Systems, kind: str, record: Record) -> None:
    key = f"evt_later{len(systems.stripe['event'])}"
    systems.stripe["event"][key] = {
        "id": key, "type": kind, "created": MORNING, "api_version": "2026-10-28.endive", "data": {"object": deepcopy(record)},
    }  # fmt: skip


def _invoices(systems: Systems, status: str) -> list[Record]:
    return [one for one in systems.stripe["invoice"].values() if one["status"] == status]


def _new_invoice(systems: Systems) -> None:
    model = _invoices(systems, "open")[0]
    invoice = deepcopy(model) | {"id": "in_later", "number": "INV-US-900001", "created": MORNING, "effective_at": MORNING}
    invoice["status_transitions"]["finalized_at"] = MORNING
    systems.stripe["invoice"]["in_later"] = invoice
    for number, line in enumerate([one for one in systems.stripe["invoice_line"].values() if one["invoice"] == model["id"]]):
        copied = deepcopy(line) | {"id": f"il_later{number}", "invoice": "in_later"}
        systems.stripe["invoice_line"][copied["id"]] = copied
    _tell(systems, "invoice.finalized", invoice)


def _voided_invoice(systems: Systems) -> None:
    for status in ("open", "paid"):
        invoice = _invoices(systems, status)[-1]
        invoice["status"] = "void"
        invoice["status_transitions"]["voided_at"] = MORNING
        _tell(systems, "invoice.voided", invoice)


def _credit_note_voided(systems: Systems) -> None:
    for note in list(systems.stripe["credit_note"].values())[:1]:
        note |= {"status": "void", "voided_at": MORNING}
        _tell(systems, "credit_note.voided", note)


def _subscription_item(systems: Systems) -> None:
    item = next(one for one in systems.stripe["subscription_item"].values() if one.get("quantity"))
    item["quantity"] += 1
    _tell(systems, "customer.subscription.updated", systems.stripe["subscription"][item["subscription"]])


def _customer_deleted(systems: Systems) -> None:
    customer = list(systems.stripe["customer"].values())[-1]
    _tell(systems, "customer.deleted", customer)
    customer["deleted"] = True


# --- NetSuite ---


def _posted(systems: Systems, kind: str) -> list[tuple[str, Record]]:
    """Transactions of periods that are still open: of closed ones a night that saw them before knows more (DQ05)."""
    still_open = {one["id"] for one in systems.netsuite["accountingperiod"].values() if not one["closed"]}
    heads = systems.netsuite["transaction"].items()
    return [(key, one) for key, one in heads if one["type"] == kind and one["posting"] and one["postingperiod"] in still_open]


def _drop_lines(systems: Systems, transaction: int, only: int | None = None) -> None:
    for table, column in (("transactionline", "id"), ("transactionaccountingline", "transactionline")):
        rows = systems.netsuite[table]
        gone = [k for k, row in rows.items() if row["transaction"] == transaction and only in (None, row[column])]
        for key in gone:
            del rows[key]


def _line_removed(systems: Systems) -> None:
    _, invoice = _posted(systems, "CustInvc")[0]
    last = max(row["id"] for row in systems.netsuite["transactionline"].values() if row["transaction"] == invoice["id"])
    _drop_lines(systems, invoice["id"], last)
    invoice["lastmodifieddate"] = MORNING


def _transaction_voided(systems: Systems) -> None:
    _, invoice = _posted(systems, "CustInvc")[1]
    _drop_lines(systems, invoice["id"])
    invoice |= {"posting": False, "voided": True, "lastmodifieddate": MORNING}


def _transaction_deleted(systems: Systems) -> None:
    key, invoice = _posted(systems, "CustInvc")[2]
    _drop_lines(systems, invoice["id"])
    del systems.netsuite["transaction"][key]
    systems.netsuite["deletedrecord"]["later"] = {
        "type": "invoice", "recordid": invoice["id"], "name": invoice["tranid"], "deleteddate": MORNING,
    }  # fmt: skip


def _new_journal(systems: Systems) -> None:
    _, model = _posted(systems, "Journal")[0]
    journal = model | {"id": 99001, "tranid": "JE-LATER", "transactionnumber": "JOURNAL99001", "externalid": None}
    journal |= {"trandate": NEXT_DAY, "createddate": MORNING, "lastmodifieddate": MORNING}
    tables = systems.netsuite
    tables["transaction"]["99001"] = journal
    for name in ("transactionline", "transactionaccountingline"):
        rows = [(key, row) for key, row in tables[name].items() if row["transaction"] == model["id"]]
        for key, row in rows:
            stamp = "linelastmodifieddate" if name == "transactionline" else "lastmodifieddate"
            tables[name][f"99001-{key}"] = row | {"transaction": 99001, stamp: MORNING + timedelta(seconds=1)}


def _new_rate(systems: Systems) -> None:
    rates = systems.netsuite["currencyrate"]
    model = max(rates.values(), key=lambda one: (one["effectivedate"], one["id"]))
    rates["99001"] = model | {
        "id": 99001, "effectivedate": NEXT_DAY, "exchangerate": model["exchangerate"] * 2, "lastmodifieddate": MORNING,
    }  # fmt: skip
