"""NetSuite rows as canonical rows, by hand-made rows whose result is known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import q2c_pipeline.platforms.netsuite as package
from q2c_pipeline.platforms.netsuite.mapping import readings
from q2c_pipeline.schemas.adapters import pandera_contract
from q2c_pipeline.schemas.fieldmap import load_field_map
from q2c_pipeline.schemas.reading import PROBLEM, Reading, misnamed_columns, missing_columns, read
from q2c_pipeline.schemas.tables import TABLES

CLASSES = {"2100": "tax", "7000": "fx"}
FIELDS = load_field_map(Path(package.__path__[0]) / "fields.toml")
STAMP = "2026-07-01 09:00:00"
INVOICE_LINE = {
    "id": "101/2/1",
    "modified_at": STAMP,
    "transaction": "101",
    "transaction_number": "INV-US-000001",
    "transaction_type": "CustInvc",
    "posting_date": "2026-07-01",
    "created_at": "2026-07-02 08:00:00",
    "period": "202",
    "currency": "EUR",
    "customer": "11",
    "voided": "F",
    "document_number": "INV-US-000001",
    "document_id": "in_1",
    "line": "2",
    "subsidiary": "1",
    "transaction_amount": "-100",
    "tax_line": "F",
    "revenue_release": "F",
    "contract_line_key": "ORD-00001/1",
    "book": "1",
    "book_is_primary": "T",
    "account": "5",
    "posting": "T",
    "functional_amount": "-85.12",
    "exchange_rate": "0.8512",
}


def reading_of(table: str, zone: str = "UTC") -> Reading:
    return next(one for one in readings({"time_zone": zone}, CLASSES) if one.table == table)


def mapped(table: str, *rows: dict[str, Any], zone: str = "UTC") -> list[dict[str, Any]]:
    """The rows as the loader would map them."""
    reading = reading_of(table, zone)
    names = FIELDS[reading.source].vendor
    frame = pl.DataFrame(
        [{**dict.fromkeys(names), **row} for row in rows], schema=dict.fromkeys(names, pl.String), orient="row"
    ).with_columns(
        instance=pl.lit("netsuite_main"),
        batch_id=pl.lit("b1"),
        as_of=pl.lit(date(2026, 7, 1)),
        row_number=pl.int_range(pl.len()),
        is_tombstone=pl.lit(value=False),
        tombstone_id=pl.lit(None, dtype=pl.String),
        tombstone_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
    )
    found = read(reading, frame.lazy()).collect()
    pandera_contract(TABLES[table]).validate(found.filter(pl.col(PROBLEM).is_null()).drop(PROBLEM, "row_number"))
    return found.to_dicts()


@pytest.mark.parametrize("reading", readings({}, CLASSES), ids=lambda reading: reading.table)
def test_every_reading_fills_its_table_from_known_fields(reading: Reading) -> None:
    assert not missing_columns(reading)
    assert not misnamed_columns(reading)
    steps = {name: e for column in reading.columns.values() for level in column.steps for name, e in level.items()}
    parsed = [*steps.values(), *(column.value for column in reading.columns.values())]
    used = {name for expression in parsed for name in expression.meta.root_names()} - steps.keys()
    assert used <= set(FIELDS[reading.source].vendor)


def test_a_posted_invoice_line() -> None:
    (row,) = mapped("posting", INVOICE_LINE)
    assert row[PROBLEM] is None
    assert row["source_version"] == datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert (row["transaction_kind"], row["line_number"]) == ("invoice", "2")
    assert (row["transaction_amount"], row["functional_amount"]) == (Decimal(-100), Decimal("-85.12"))
    assert (row["is_posted"], row["is_voided"], row["is_primary_book"], row["is_tax_line"]) == (True, False, True, False)
    assert (row["claimed_document_number"], row["claimed_document_id"]) == ("INV-US-000001", "in_1")
    assert row["claimed_contract_line_key"] == "ORD-00001/1"


@pytest.mark.parametrize(
    ("kind", "release", "expected"),
    [
        ("Journal", "T", "revenue_release"),
        ("Journal", "F", "journal"),
        ("Journal", None, "journal"),
        ("CustInvc", "T", "invoice"),
        ("CustCred", "F", "credit_memo"),
        ("CustPymt", "F", "payment"),
        ("CustRfnd", "F", "refund"),
    ],
)
def test_kinds_of_transactions(kind: str, release: str | None, expected: str) -> None:
    (row,) = mapped("posting", {**INVOICE_LINE, "transaction_type": kind, "revenue_release": release})
    assert row["transaction_kind"] == expected


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"transaction_type": "CustDep"}, "transaction_type: expected one of the mapped words, found 'CustDep'"),
        ({"functional_amount": "1,234.50"}, "functional_amount: expected a number"),
        ({"posting_date": "7/1/2026"}, "posting_date: expected a date"),
        ({"modified_at": None}, "source_version: expected a value, found none"),
        ({"posting": "Y"}, "posting: expected 'T' or 'F'"),
        ({"currency": "Euro"}, "currency: expected an ISO 4217 currency"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(change: dict[str, str | None], reason: str) -> None:
    (row,) = mapped("posting", {**INVOICE_LINE, **change})
    assert row[PROBLEM].startswith(reason)


def test_moments_are_in_the_accounts_time_zone() -> None:
    (row,) = mapped("posting", INVOICE_LINE, zone="Europe/Berlin")
    assert row["source_version"] == datetime(2026, 7, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "kind", "expected"),
    [
        ("1100", "AcctRec", "receivable"),
        ("2100", "OthCurrLiab", "tax"),
        ("2200", "OthCurrLiab", "other"),
        ("7000", "OthIncome", "fx"),
        ("4000", "Income", "revenue"),
        ("2400", "DeferRevenue", "deferred_revenue"),
    ],
)
def test_an_accounts_class_is_its_numbers_or_its_types(number: str, kind: str, expected: str) -> None:
    account = {"id": "1", "modified_at": STAMP, "number": number, "name": "A", "type": kind, "inactive": "F"}
    (row,) = mapped("ledger_account", account)
    assert (row["account_class"], row["is_active"]) == (expected, True)


def test_an_unknown_account_type_is_rejected_unless_its_number_is_classed() -> None:
    account = {"id": "1", "modified_at": STAMP, "name": "A", "type": "Crypto", "inactive": "F"}
    unknown, _ = mapped("ledger_account", {**account, "number": "9"}, {**account, "number": "7000"})
    assert "Crypto" in unknown[PROBLEM]


@pytest.mark.parametrize(
    ("closed", "locked", "receivables", "expected"),
    [("T", "T", "T", "closed"), ("F", "T", "F", "soft_closed"), ("F", "F", "T", "soft_closed"), ("F", "F", "F", "open")],
)
def test_period_states(closed: str, locked: str, receivables: str, expected: str) -> None:
    period = {
        "id": "202",
        "modified_at": STAMP,
        "name": "Jan 2026",
        "first_date": "2026-01-01",
        "last_date": "2026-01-31",
        "is_year": "F",
        "is_quarter": "F",
        "is_adjustment": "F",
        "closed": closed,
        "all_locked": locked,
        "receivables_locked": receivables,
    }
    assert mapped("accounting_period", {**period, "is_quarter": "T"}, {**period, "is_year": "T"}) == []
    (row,) = mapped("accounting_period", period)
    assert (row["period_state"], row["end_date"]) == (expected, date(2026, 1, 31))


def test_master_data() -> None:
    entity = {"id": "2", "modified_at": STAMP, "code": "UK", "name": "Ltd", "country": "GB", "currency": "GBP"}
    assert mapped("legal_entity", entity)[0]["legal_entity_code"] == "UK"
    assert mapped("legal_entity", {**entity, "code": None})[0]["legal_entity_code"] == "2"
    customer = {
        "id": "11",
        "modified_at": STAMP,
        "number": "AC-00011",
        "name": "Buyer",
        "crm_account_id": "001A",
        "subsidiary_code": "UK",
        "email": "ap@buyer.example",
        "address": "1 High St\nLS1 4AP Leeds",
    }
    account = mapped("account", customer)[0]
    assert (account["account_number"], account["claimed_crm_account_id"], account["legal_entity_code"]) == (
        "AC-00011",
        "001A",
        "UK",
    )
    assert (account["domain"], account["address"]) == ("ap@buyer.example", "1 High St LS1 4AP Leeds")
    assert mapped("account", {**customer, "site": "buyer.example"})[0]["domain"] == "buyer.example"
    product = mapped("product", {"id": "41", "modified_at": STAMP, "code": "CRM-BASE", "name": "CRM", "inactive": "T"})[0]
    assert (product["product_code"], product["is_active"]) == ("CRM-BASE", False)


def test_a_rate_says_how_much_base_currency_one_unit_buys() -> None:
    rate = {
        "id": "1",
        "modified_at": STAMP,
        "base_currency": "GBP",
        "transaction_currency": "EUR",
        "effective_date": "2026-01-31",
        "rate": "0.8512",
    }
    (row,) = mapped("fx_rate", rate)
    assert (row["currency"], row["quote_currency"], row["exchange_rate"], row["rate_type"]) == (
        "EUR",
        "GBP",
        Decimal("0.8512"),
        "spot",
    )


def test_mapping_the_whole_is_mapping_the_parts() -> None:
    rows = [{**INVOICE_LINE, "id": f"{n}/0/1", "transaction_type": "Journal" if n % 2 else "Nope"} for n in range(6)]
    whole = mapped("posting", *rows)
    parts = [row for n in range(6) for row in mapped("posting", rows[n])]
    assert [{**row, "row_number": 0} for row in whole] == [{**row, "row_number": 0} for row in parts]
