"""The journalEntry record: created, read, changed, approved, reversed and, while a draft, deleted."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from q2c_pipeline.sandbox.servers.netsuite.problems import Refusal, unknown_record
from q2c_pipeline.sandbox.servers.netsuite.references import (
    day,
    find,
    invalid_content,
    is_true,
    must_be_open,
    next_id,
    number,
    period_of,
    reference,
    user_error,
)

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.servers.netsuite.store import Store
    from q2c_pipeline.sandbox.systems import Record

Body = dict[str, Any]
_TEXTS = {"externalId": "externalid", "memo": "memo", "tranId": "tranid"}
_DATES = {"tranDate": "trandate", "reversalDate": "reversaldate"}
_FLAGS = {"reversalDefer": "reversaldefer"}
_OTHER = {"subsidiary", "currency", "exchangeRate", "postingPeriod", "approved", "line"}
_LINE_FIELDS = {"account", "debit", "credit", "memo", "entity", "line"}


class Journals:
    """Journal entries of one account."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def create(self, body: Body, *, strict: bool) -> str:
        """Post or draft a new journal; gives its internal id."""
        _check_names(body, strict=strict)
        if not {"subsidiary", "line"} <= set(body):
            raise user_error("Please enter value(s) for: Subsidiary, Line.")
        self._must_be_new(body.get("externalId"))
        identity = next_id(self.store, "transaction")
        now = self.store.clock()
        header: Record = {
            "id": identity,
            "type": "Journal",
            "tranid": f"JE-API-{identity}",
            "transactionnumber": f"JOURNAL{identity}",
            "externalid": None,
            "trandate": now.date(),
            "isreversal": False,
            "voided": False,
            "createddate": now,
        }
        self._save(str(identity), header, body, body["line"]["items"])
        return str(identity)

    def upsert(self, external_id: str, body: Body, *, strict: bool) -> str:
        """Create or update the journal with an external id; gives its internal id."""
        try:
            key, record = self.get(f"eid:{external_id}")
        except Refusal:
            return self.create({**body, "externalId": external_id}, strict=strict)
        self.update(key, body, strict=strict, replace_lines=True)
        return str(record["id"])

    def update(self, key: str, body: Body, *, strict: bool, replace_lines: bool = False) -> None:
        """Change header fields and lines; approval posts a draft."""
        _check_names(body, strict=strict)
        held_key, header = self.get(key)
        if "externalId" in body and body["externalId"] != header.get("externalid"):
            self._must_be_new(body["externalId"])
        self._must_be_changeable(header)
        lines = self.items(str(header["id"]))
        if "line" in body:
            lines = body["line"]["items"] if replace_lines else _merged(lines, body["line"]["items"])
        subsidiary = self._line_subsidiary(str(header["id"]))
        filled = {"subsidiary": {"id": subsidiary}, "approved": is_true(header["posting"]), **body}
        self._save(held_key, header, filled, lines)

    def approve(self, key: str) -> None:
        """Post a draft, as an accountant does."""
        self.update(key, {"approved": True}, strict=True)

    def delete(self, key: str) -> None:
        """Delete a draft."""
        held_key, header = self.get(key)
        if is_true(header["posting"]):
            raise user_error("This transaction is posted and cannot be deleted. Reverse it.")
        self._drop_lines(str(header["id"]))
        self.store.remove("transaction", held_key)
        gone = {"type": "journalentry", "recordid": header["id"], "name": header["tranid"]}
        self.store.put("deletedrecord", f"api-{header['id']}", {**gone, "deleteddate": self.store.clock()})

    def get(self, key: str) -> tuple[str, Record]:
        """The journal and its key in the transaction table."""
        held_key, record = find(self.store, "transaction", key)
        if record["type"] != "Journal":
            raise unknown_record("journalEntry", key)
        return held_key, record

    def items(self, identity: str) -> list[Body]:
        """The lines in the form of the record API."""
        lines = sorted(self.store.lines("transactionline", identity).values(), key=lambda line: int(line["id"]))
        accounts = {
            str(entry["transactionline"]): str(entry["account"])
            for entry in self.store.lines("transactionaccountingline", identity).values()
        }
        return [_item(line, accounts.get(str(line["id"]), "")) for line in lines]

    def _save(self, key: str, header: Record, body: Body, lines: list[Body]) -> None:
        """Write header, lines and their accounting; nothing is written when a rule refuses."""
        subsidiary = reference(self.store, "subsidiary", body, "subsidiary")
        record = self._header(header, body, subsidiary)
        rows = [self._line(line, position) for position, line in enumerate(lines)]
        _must_balance(rows)
        reverses = record.get("reversaldate") and record["posting"] and not record.get("reversal")
        if reverses:
            must_be_open(period_of(self.store, record["reversaldate"]))
        self._drop_lines(str(record["id"]))
        self.store.put("transaction", key, record)
        self._write_lines(record, rows, subsidiary)
        if reverses:
            self._reverse(key, record, lines, subsidiary)

    def _header(self, header: Record, body: Body, subsidiary: Record) -> Record:
        record = {**header, **_plain_fields(body)}
        record["currency"] = self._currency(record, body, subsidiary)
        record["exchangerate"] = self._rate(record, body, subsidiary)
        period = self._period(record, body)
        posted = bool(body.get("approved", True))
        must_be_open(period)
        record |= {"postingperiod": period["id"], "posting": posted, "status": "B" if posted else "A"}
        return {**record, "lastmodifieddate": self.store.clock()}

    def _currency(self, record: Record, body: Body, subsidiary: Record) -> Any:
        if "currency" in body:
            return reference(self.store, "currency", body, "currency")["id"]
        return record.get("currency", subsidiary["currency"])

    def _rate(self, record: Record, body: Body, subsidiary: Record) -> Decimal:
        """The given rate, else the one that the record has, else the newest of the rate table up to its day."""
        if "exchangeRate" in body:
            return number(body["exchangeRate"], "exchangeRate")
        if "exchangerate" in record or record["currency"] == subsidiary["currency"]:
            return Decimal(record.get("exchangerate", 1))
        rates = [
            rate
            for rate in self.store.tables.get("currencyrate", {}).values()
            if (rate["transactioncurrency"], rate["basecurrency"]) == (record["currency"], subsidiary["currency"])
            and rate["effectivedate"] <= record["trandate"]
        ]
        if not rates:
            raise user_error("There is no exchange rate for this currency and date.", "exchangeRate")
        return Decimal(max(rates, key=lambda rate: rate["effectivedate"])["exchangerate"])

    def _period(self, record: Record, body: Body) -> Record:
        if "postingPeriod" in body:
            return reference(self.store, "accountingperiod", body, "postingPeriod")
        return period_of(self.store, record["trandate"])

    def _line(self, line: Body, position: int) -> Record:
        path = f"line.items[{position}]"
        if "account" not in line or ("debit" in line) == ("credit" in line):
            raise invalid_content("A line needs an account and either a debit or a credit.", path)
        account = reference(self.store, "account", line, "account")
        amount = number(line.get("debit", 0), f"{path}.debit") - number(line.get("credit", 0), f"{path}.credit")
        entity = reference(self.store, "customer", line, "entity")["id"] if line.get("entity") else None
        custom = {name: value for name, value in line.items() if name.startswith("custcol")}
        return {"account": account["id"], "amount": amount, "entity": entity, "memo": line.get("memo"), **custom}

    def _write_lines(self, record: Record, rows: list[Record], subsidiary: Record) -> None:
        base_currency = find(self.store, "currency", str(subsidiary["currency"]))[1]
        cent = Decimal(1).scaleb(-int(base_currency["currencyprecision"]))
        bases = _in_base_currency([row["amount"] for row in rows], Decimal(record["exchangerate"]), cent)
        for position, (row, base) in enumerate(zip(rows, bases, strict=True)):
            self._write_line(record, row, position, base, subsidiary)
            self._write_accounting(record, row, position, base)

    def _write_line(self, record: Record, row: Record, position: int, base: Decimal, subsidiary: Record) -> None:
        custom = {name: value for name, value in row.items() if name.startswith("custcol")}
        line = {
            "transaction": record["id"],
            "id": position,
            "uniquekey": next_id(self.store, "transactionline", "uniquekey"),
            "linesequencenumber": position,
            "mainline": False,
            "taxline": False,
            "entity": row["entity"],
            "subsidiary": subsidiary["id"],
            "foreignamount": row["amount"],
            "netamount": base,
            "memo": row["memo"],
            "isrevrectransaction": False,
            "linelastmodifieddate": record["lastmodifieddate"],
            **custom,
        }
        self.store.put("transactionline", f"{record['id']}/{position}", line)

    def _write_accounting(self, record: Record, row: Record, position: int, base: Decimal) -> None:
        for book in self.store.tables["accountingbook"].values():
            entry = {
                "transaction": record["id"],
                "transactionline": position,
                "accountingbook": book["id"],
                "account": row["account"],
                "posting": record["posting"],
                "debit": base if base > 0 else None,
                "credit": -base if base < 0 else None,
                "amount": base,
                "netamount": base,
                "exchangerate": record["exchangerate"],
                "lastmodifieddate": record["lastmodifieddate"],
            }
            self.store.put("transactionaccountingline", f"{record['id']}/{position}/{book['id']}", entry)

    def _drop_lines(self, identity: str) -> None:
        for table in ("transactionline", "transactionaccountingline"):
            for key in self.store.lines(table, identity):
                self.store.remove(table, key)

    def _reverse(self, key: str, record: Record, lines: list[Body], subsidiary: Record) -> None:
        body = {
            "subsidiary": {"id": str(subsidiary["id"])},
            "currency": {"id": str(record["currency"])},
            "exchangeRate": record["exchangerate"],
            "tranDate": record["reversaldate"],
            "memo": f"Reversal of {record['tranid']}",
            "line": {"items": [_swapped(line) for line in lines]},
        }
        reversal = self.create(body, strict=False)
        self.store.put("transaction", reversal, {**self.store.tables["transaction"][reversal], "isreversal": True})
        self.store.put("transaction", key, {**record, "reversal": reversal})

    def _must_be_new(self, external_id: Any) -> None:
        held = self.store.tables["transaction"].values()
        if external_id and any(one["type"] == "Journal" and one.get("externalid") == external_id for one in held):
            raise Refusal(400, "DUP_RCRD", "This record already exists.", path="externalId")

    def _must_be_changeable(self, header: Record) -> None:
        if is_true(header["posting"]):
            must_be_open(find(self.store, "accountingperiod", str(header["postingperiod"]))[1])

    def _line_subsidiary(self, identity: str) -> str:
        return str(next(iter(self.store.lines("transactionline", identity).values()))["subsidiary"])


def _check_names(body: Body, *, strict: bool) -> None:
    known = {*_TEXTS, *_DATES, *_FLAGS, *_OTHER}
    unknown = [name for name in body if name not in known and not name.startswith("custbody")]
    for line in body.get("line", {}).get("items", []):
        unknown += [name for name in line if name not in _LINE_FIELDS and not name.startswith("custcol")]
    if strict and unknown:
        raise invalid_content(f"Unknown field name: {unknown[0]}.", unknown[0])


def _plain_fields(body: Body) -> Record:
    texts = {column: body[name] for name, column in _TEXTS.items() if name in body}
    dates = {column: day(body[name], name) for name, column in _DATES.items() if name in body}
    flags = {column: bool(body[name]) for name, column in _FLAGS.items() if name in body}
    custom = {name: value for name, value in body.items() if name.startswith("custbody")}
    return {**texts, **dates, **flags, **custom}


def _must_balance(rows: list[Record]) -> None:
    if len(rows) < 2:
        raise user_error("A journal needs at least two lines.", "line")
    difference = sum((row["amount"] for row in rows), Decimal(0))
    if difference:
        raise user_error(f"The amounts in a journal must balance; they are out by {difference}.", "line")


def _in_base_currency(amounts: list[Decimal], rate: Decimal, cent: Decimal) -> list[Decimal]:
    """Convert each line to the base currency's unit; the last takes the remainder: 10.01, -10.01 at 1.5 -> 15.02, -15.02."""
    bases = [(amount * rate).quantize(cent, ROUND_HALF_UP) for amount in amounts]
    bases[-1] -= sum(bases, Decimal(0))
    return bases


def _merged(held: list[Body], given: list[Body]) -> list[Body]:
    """Overlay the given lines on the held ones by line number; lines without one are new."""
    changed = {str(line["line"]): line for line in given if "line" in line}
    kept = [{**_without_amount(line, changed), **changed.get(str(line["line"]), {})} for line in held]
    return kept + [line for line in given if "line" not in line]


def _without_amount(line: Body, changed: dict[str, Body]) -> Body:
    replaced = {"debit", "credit"} & set(changed.get(str(line["line"]), {}))
    return {name: value for name, value in line.items() if not (replaced and name in {"debit", "credit"})}


def _swapped(line: Body) -> Body:
    other = {"debit": "credit", "credit": "debit"}
    return {other.get(name, name): value for name, value in line.items() if name != "line"}


def _item(line: Record, account: str) -> Body:
    amount = line["foreignamount"]
    item: Body = {"line": int(line["id"]), "account": {"id": account}}
    item |= {"debit": amount} if amount >= 0 else {"credit": -amount}
    item |= {"entity": {"id": str(line["entity"])}} if line.get("entity") else {}
    item |= {"memo": line["memo"]} if line.get("memo") else {}
    return item | {name: value for name, value in line.items() if name.startswith("custcol") and value is not None}
