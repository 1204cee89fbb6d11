"""A tiny ERP made by hand: two subsidiaries, three months, a few documents, both books."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from q2c_pipeline.sandbox.systems import Misbehaviour, Record, Systems, Tables

AS_OF = date(2026, 1, 31)
LONG_AGO = datetime(2025, 6, 1, 8, tzinfo=UTC)
Lines = list[tuple[int, str, dict[str, Any]]]
ACCOUNTS = {
    1: ("1000", "Bank", "Bank"),
    2: ("1100", "Receivables", "AcctRec"),
    3: ("2100", "Tax payable", "OthCurrLiab"),
    4: ("2400", "Deferred revenue", "DeferRevenue"),
    5: ("4000", "Revenue", "Income"),
}


def ledger(*misbehaviour: Misbehaviour) -> Systems:
    """Two invoices (one in euro), one release journal, all posted; a closed December and an open January."""
    tables: Tables = {**_master(), "transaction": {}, "transactionline": {}, "transactionaccountingline": {}, "deletedrecord": {}}
    invoice: Lines = [(2, "119.00", {"mainline": True}), (3, "-19.00", {"taxline": True}), (4, "-100.00", {"item": 41})]
    post(tables, 101, "CustInvc", date(2026, 1, 10), invoice, tranid="INV-US-000001", externalid="in_1")
    post(tables, 102, "CustInvc", date(2026, 1, 12), invoice, tranid="INV-UK-000001", externalid="in_2", subsidiary=2, currency=3)
    release: Lines = [(4, "8.22", {"isrevrectransaction": True}), (5, "-8.22", {"isrevrectransaction": True})]
    contract_line = {"custcol_contract_line": "ORD-00001/1"}
    post(tables, 103, "Journal", AS_OF, [(a, v, {**x, **contract_line}) for a, v, x in release], tranid="REL-US-2026-01")
    return Systems(as_of=AS_OF, salesforce={}, stripe={}, netsuite=tables, misbehaviour=list(misbehaviour))


def post(
    tables: Tables,
    number: int,
    kind: str,
    day: date,
    lines: Lines,
    *,
    subsidiary: int = 1,
    currency: int = 1,
    **header: Any,
) -> None:
    """Add one posted transaction with its lines in both books; euro counts 0.85 in the UK's pounds."""
    stamp = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    rate = Decimal("0.85") if currency == 3 else Decimal(1)
    document = header.get("tranid") if kind == "CustInvc" else None
    tables["transaction"][str(number)] = {
        "id": number,
        "type": kind,
        "transactionnumber": f"{kind}{number}",
        "trandate": day,
        "status": "B",
        "entity": 11 if kind == "CustInvc" else None,
        "currency": currency,
        "exchangerate": rate,
        "postingperiod": 202 if day.month == 1 else 201,
        "posting": True,
        "isreversal": False,
        "voided": False,
        "createddate": stamp,
        "lastmodifieddate": stamp,
        "custbody_source_document": document,
        **header,
    }
    for position, (account, amount, extra) in enumerate(lines):
        value = Decimal(amount)
        _line(tables, number, position, {**extra, "subsidiary": subsidiary}, value, rate, stamp)
        for book in (1, 2):
            _accounting(tables, number, position, account, book, value * rate, rate)


def _line(tables: Tables, number: int, position: int, extra: Record, value: Decimal, rate: Decimal, stamp: datetime) -> None:
    tables["transactionline"][f"{number}/{position}"] = {
        "transaction": number,
        "id": position,
        "uniquekey": number * 100 + position,
        "linesequencenumber": position,
        "mainline": False,
        "taxline": False,
        "entity": 11,
        "foreignamount": value,
        "netamount": value * rate,
        "isrevrectransaction": False,
        "linelastmodifieddate": stamp,
        **extra,
    }


def _accounting(tables: Tables, number: int, position: int, account: int, book: int, base: Decimal, rate: Decimal) -> None:
    tables["transactionaccountingline"][f"{number}/{position}/{book}"] = {
        "transaction": number,
        "transactionline": position,
        "accountingbook": book,
        "account": account,
        "posting": True,
        "debit": base if base > 0 else None,
        "credit": -base if base < 0 else None,
        "amount": base,
        "netamount": base,
        "exchangerate": rate,
        "lastmodifieddate": None,
    }


def _master() -> Tables:
    stamp = {"lastmodifieddate": LONG_AGO}
    subsidiaries = {1: ("Acme Inc", "US", 1, "US"), 2: ("Acme Ltd", "GB", 2, "UK")}
    return {
        "subsidiary": {
            str(n): {
                "id": n,
                "name": name,
                "legalname": name,
                "country": c,
                "currency": m,
                "externalid": e,
                "isinactive": False,
                **stamp,
            }
            for n, (name, c, m, e) in subsidiaries.items()
        },
        "currency": {
            str(n): {"id": n, "name": name, "symbol": symbol, "currencyprecision": 2, "isbasecurrency": n == 1}
            for n, (name, symbol) in {1: ("US Dollar", "USD"), 2: ("Pound", "GBP"), 3: ("Euro", "EUR")}.items()
        },
        "account": {
            str(n): {
                "id": n,
                "acctnumber": number,
                "fullname": name,
                "accttype": kind,
                "generalrate": "CURRENT",
                "isinactive": False,
                "subsidiary": 1,
                **stamp,
            }
            for n, (number, name, kind) in ACCOUNTS.items()
        },
        "customer": {
            "11": {
                "id": 11,
                "entityid": "AC-00011",
                "companyname": "Buyer",
                "externalid": "001A",
                "currency": 1,
                "terms": "NET30",
                "parent": None,
                "vatregnumber": "US1",
                "isinactive": False,
                "subsidiary": 1,
                **stamp,
            }
        },
        "item": {
            "41": {"id": 41, "itemid": "CRM-BASE", "fullname": "CRM Base", "itemtype": "Service", "isinactive": False, **stamp},
            "42": {"id": 42, "itemid": "CRM-PLUS", "fullname": "CRM Plus", "itemtype": "Service", "isinactive": True, **stamp},
        },
        "accountingperiod": _periods(),
        "accountingbook": {str(n): {"id": n, "name": f"Book {n}", "isprimary": n == 1} for n in (1, 2)},
        "currencyrate": {
            str(n): {
                "id": n,
                "basecurrency": 2,
                "transactioncurrency": 3,
                "effectivedate": AS_OF - timedelta(days=n),
                "exchangerate": Decimal("0.85120000") + n,
                **stamp,
            }
            for n in range(1, 6)
        },
        "consolidatedexchangerate": {},
    }


def _periods() -> dict[str, Record]:
    closed = {"closed": True, "alllocked": True, "arlocked": True, "aplocked": True}
    spans = {
        200: ("FY 2026", date(2026, 1, 1), date(2026, 12, 31), {"isyear": True, "isposting": False}),
        203: ("Q1 2026", date(2026, 1, 1), date(2026, 3, 31), {"isquarter": True, "isposting": False}),
        201: ("Dec 2025", date(2025, 12, 1), date(2025, 12, 31), closed),
        202: ("Jan 2026", date(2026, 1, 1), date(2026, 1, 31), {}),
        204: ("Feb 2026", date(2026, 2, 1), date(2026, 2, 28), {}),
        205: ("Adj 2025", date(2025, 12, 31), date(2025, 12, 31), {"isadjust": True}),
    }
    flags = ("isyear", "isquarter", "isadjust", "closed", "alllocked", "arlocked", "aplocked")
    return {
        str(n): {
            "id": n,
            "periodname": name,
            "startdate": start,
            "enddate": end,
            **dict.fromkeys(flags, False),
            "isposting": True,
            "allownonglchanges": True,
            "parent": None,
            "lastmodifieddate": LONG_AGO,
            **own,
        }
        for n, (name, start, end, own) in spans.items()
    }
