"""Stripe's records in, canonical rows out: units, ends, signs, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q2c_pipeline.landing.flatten import flatten, loads_exact
from q2c_pipeline.platforms.stripe import mapping
from q2c_pipeline.schemas.fieldmap import load_field_map
from q2c_pipeline.schemas.reading import PROBLEM, Reading, misnamed_columns, missing_columns, read

FIELDS = load_field_map(Path(mapping.__file__).parent / "fields.toml")
READINGS = {reading.source: reading for reading in mapping.readings({}, {})}
Row = dict[str, str | None]


def seconds(day: str) -> str:
    return str(int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()))


STAMP = seconds("2026-04-01")
LINE: Row = {
    "invoice_id": "in_1",
    "subscription_id": "sub_1",
    "subscription_item_id": "si_1",
    "amount": "10000",
    "currency": "usd",
    "quantity": "2",
    "unit_amount": "5000",
    "period_start": seconds("2026-03-01"),
    "period_end": seconds("2026-04-01"),
    "discount_amounts": '[{"amount":"1000","discount":"di_1"}]',
    "taxes": '[{"amount":"743","tax_behavior":"exclusive","taxable_amount":"9000"}]',
    "subscription_proration": "false",
}
INVOICE: Row = {
    "number": "INV-US-1",
    "status": "open",
    "customer_id": "cus_1",
    "currency": "usd",
    "created": seconds("2026-03-01"),
    "effective_at": seconds("2026-03-02"),
    "total": "1083",
    "total_excluding_tax": "1000",
    "amount_remaining": "83",
    "amount_paid": "1000",
}
NOTE: Row = {
    "number": "CN-US-1",
    "status": "issued",
    "customer_id": "cus_1",
    "invoice_id": "in_1",
    "currency": "usd",
    "created": seconds("2026-03-05"),
    "total": "542",
    "total_excluding_tax": "500",
}
NOTE_LINE: Row = {
    "credit_note_id": "cn_1",
    "currency": "usd",
    "issued_at": seconds("2026-03-05"),
    "invoice_line_id": "il_1",
    "amount": "600",
    "discount_amount": "100",
    "quantity": "1",
    "taxes": '[{"amount":"42","tax_behavior":"exclusive"}]',
    "service_start": "2026-03-10",
    "service_end": "2026-03-31",
}
SUBSCRIPTION: Row = {"customer_id": "cus_1", "status": "active", "currency": "eur", "start_date": seconds("2026-01-01")}


def frame_of(source: str, *rows: Row) -> pl.LazyFrame:
    names = list(FIELDS[source].vendor)
    common: Row = {"id": "x", "read_until": STAMP}
    texts = pl.LazyFrame([common | row for row in rows], schema=dict.fromkeys(names, pl.String()))
    return texts.with_row_index("row_number").with_columns(
        instance=pl.lit("stripe_main"),
        batch_id=pl.lit("b1"),
        as_of=pl.lit(date(2026, 3, 31)),
        is_tombstone=pl.lit(value=False),
        tombstone_id=pl.lit(None, dtype=pl.String),
        tombstone_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
    )


def mapped(source: str, *rows: Row, conventions: dict[str, str] | None = None) -> list[dict[str, Any]]:
    reading = next(r for r in mapping.readings(conventions or {}, {}) if r.source == source)
    return read(reading, frame_of(source, *rows)).collect().to_dicts()


def only(source: str, row: Row, **conventions: str) -> dict[str, Any]:
    (found,) = mapped(source, row, conventions=conventions)
    return found


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS.keys())
def test_every_needed_field_is_given_and_none_is_invented(reading: Reading) -> None:
    assert missing_columns(reading) == []
    assert misnamed_columns(reading) == []


def test_a_customers_domain_is_its_mail_and_its_address_is_one_line() -> None:
    row = only(
        "customer", {"id": "cus_1", "email": "ap@acme.example", "line1": "1 High St", "postal_code": "LS1", "city": "Leeds"}
    )
    assert (row["domain"], row["address"], row["account_name"]) == ("ap@acme.example", "1 High St LS1 Leeds", "ap@acme.example")


def test_an_invoice_line_is_net_of_its_discounts_and_ends_on_its_last_day() -> None:
    line = only("invoice_line", LINE)
    amounts = (line["net_amount"], line["discount_amount"], line["tax_amount"], line["unit_price"], line["quantity"])
    assert amounts == (Decimal(90), Decimal(10), Decimal("7.43"), Decimal(50), Decimal(2))
    assert (line["service_start_date"], line["service_end_date"]) == (date(2026, 3, 1), date(2026, 3, 31))
    assert (line[PROBLEM], line["is_proration"], line["currency"]) == (None, False, "USD")


def test_tax_that_is_included_is_taken_out_of_the_net() -> None:
    taxes = '[{"amount":"100","tax_behavior":"inclusive"},{"amount":"7","tax_behavior":"exclusive"}]'
    line = only("invoice_line", LINE | {"taxes": taxes, "discount_amounts": None})
    assert (line["net_amount"], line["tax_amount"]) == (Decimal(99), Decimal("1.07"))


@pytest.mark.parametrize("taxes", ['[{"amount":"ten"}]', '[{"amount":"1.5"}]', '[{"tax_behavior":"exclusive"}]'])
def test_a_list_of_amounts_that_are_none_rejects_its_row(taxes: str) -> None:
    assert "tax_sum" in only("invoice_line", LINE | {"taxes": taxes})[PROBLEM]


def test_a_charge_for_a_moment_lasts_one_day() -> None:
    line = only("invoice_line", LINE | {"period_end": LINE["period_start"]})
    assert (line["service_start_date"], line["service_end_date"]) == (date(2026, 3, 1), date(2026, 3, 1))


def test_days_change_where_the_books_are() -> None:
    tokyo = str(int(datetime(2026, 2, 28, 15, tzinfo=UTC).timestamp()))
    end = str(int(datetime(2026, 3, 31, 15, tzinfo=UTC).timestamp()))
    line = only("invoice_line", LINE | {"period_start": tokyo, "period_end": end}, time_zone="Asia/Tokyo")
    assert (line["service_start_date"], line["service_end_date"]) == (date(2026, 3, 1), date(2026, 3, 31))


def test_invoice_items_name_subscription_and_proration_in_another_place() -> None:
    moved: Row = {
        "subscription_id": None,
        "subscription_proration": None,
        "item_subscription_id": "sub_9",
        "item_proration": "true",
    }
    line = only("invoice_line", LINE | moved)
    assert (line["subscription_source_id"], line["is_proration"]) == ("sub_9", True)


def test_an_invoice_takes_the_date_it_says_else_the_day_it_was_made() -> None:
    final, draft = mapped("invoice", INVOICE, INVOICE | {"status": "draft", "effective_at": None, "number": None})
    assert (final["issued_date"], draft["issued_date"]) == (date(2026, 3, 2), date(2026, 3, 1))
    assert (final["net_amount"], final["tax_amount"], final["total_amount"]) == (Decimal(10), Decimal("0.83"), Decimal("10.83"))
    assert (draft["document_status"], draft[PROBLEM]) == ("draft", None)


@pytest.mark.parametrize(
    ("code", "minor", "major"),
    [("usd", "1999", "19.99"), ("jpy", "1999", "1999"), ("kwd", "1990", "1.99"), ("mga", "1999", "1999"), ("isk", "1900", "19")],
)
def test_amounts_follow_stripes_minor_unit(code: str, minor: str, major: str) -> None:
    invoice = only("invoice", INVOICE | {"currency": code, "total": minor, "total_excluding_tax": minor})
    assert (invoice["total_amount"], invoice["tax_amount"]) == (Decimal(major), Decimal(0))


def test_legal_entity_is_the_invoices_own_else_its_subscriptions() -> None:
    both, one = mapped(
        "invoice",
        INVOICE | {"legal_entity": "US", "subscription_legal_entity": "DE"},
        INVOICE | {"subscription_legal_entity": "DE"},
    )
    assert (both["legal_entity_code"], one["legal_entity_code"]) == ("US", "DE")


def test_a_credit_note_is_a_negative_document() -> None:
    note = only("credit_note", NOTE)
    assert (note["document_kind"], note["document_status"]) == ("credit_memo", "issued")
    assert (note["net_amount"], note["tax_amount"], note["total_amount"]) == (Decimal(-5), Decimal("-0.42"), Decimal("-5.42"))
    assert note["credited_invoice_source_id"] == "in_1"


def test_a_credit_line_takes_back_service_and_tax() -> None:
    line = only("credit_note_line", NOTE_LINE)
    assert (line["net_amount"], line["discount_amount"], line["tax_amount"]) == (Decimal(-5), Decimal(-1), Decimal("-0.42"))
    assert (line["service_start_date"], line["service_end_date"]) == (date(2026, 3, 10), date(2026, 3, 31))
    assert (line["credited_line_source_id"], line[PROBLEM]) == ("il_1", None)


def test_a_credit_line_without_service_dates_falls_back() -> None:
    undated = NOTE_LINE | {"service_start": None, "service_end": None}
    period: Row = {"credited_start": seconds("2026-03-01"), "credited_end": seconds("2026-04-01")}
    credited, custom = mapped("credit_note_line", undated | period, undated)
    assert (credited["service_start_date"], credited["service_end_date"]) == (date(2026, 3, 1), date(2026, 3, 31))
    assert (custom["service_start_date"], custom["service_end_date"]) == (date(2026, 3, 5), date(2026, 3, 5))


@pytest.mark.parametrize(
    ("changes", "status", "canceled"),
    [
        ({}, "active", None),
        ({"status": "trialing", "cancel_at": seconds("2027-01-01")}, "active", date(2027, 1, 1)),
        ({"canceled_at": seconds("2026-02-01")}, "active", None),
        ({"status": "canceled", "canceled_at": seconds("2026-02-01")}, "canceled", date(2026, 2, 1)),
        (
            {"status": "canceled", "canceled_at": seconds("2026-02-01"), "ended_at": seconds("2026-03-01")},
            "canceled",
            date(2026, 3, 1),
        ),
        ({"status": "incomplete"}, "pending", None),
    ],
)
def test_a_subscription_ends_when_it_ends_not_when_that_was_asked_for(changes: Row, status: str, canceled: date | None) -> None:
    found = only("subscription", SUBSCRIPTION | changes)
    assert (found["subscription_status"], found["canceled_date"], found[PROBLEM]) == (status, canceled, None)


@pytest.mark.parametrize(
    ("interval", "times", "months"), [("month", "3", 3), ("year", "1", 12), ("week", "2", None), (None, None, None)]
)
def test_billing_periods_count_in_months(interval: str | None, times: str | None, months: int | None) -> None:
    price: Row = {"product_id": "prod_1", "currency": "usd", "unit_amount": "0.5", "is_active": "true"}
    found = only("price", price | {"interval": interval, "interval_count": times})
    assert (found["billing_period_months"], found["unit_price"], found[PROBLEM]) == (months, Decimal("0.005"), None)


def test_usage_covers_its_month() -> None:
    month: Row = {"start_time": seconds("2026-02-01"), "end_time": seconds("2026-03-01"), "quantity": "1000.5"}
    usage = only("meter_event_summary", {"meter_id": "mtr_1", "customer_id": "cus_1", **month})
    assert (usage["usage_start_date"], usage["usage_end_date"], usage["quantity"]) == (
        date(2026, 2, 1),
        date(2026, 2, 28),
        Decimal("1000.5"),
    )


def test_money_in_and_out() -> None:
    charge: Row = {"status": "succeeded", "customer_id": "cus_1", "amount": "1083", "currency": "usd", "created": STAMP}
    refund: Row = {"status": "requires_action", "charge_id": "ch_1", "amount": "500", "currency": "usd", "created": STAMP}
    assert only("charge", charge)["payment_amount"] == Decimal("10.83")
    found = only("refund", refund)
    assert (found["payment_amount"], found["payment_status"], found["payment_source_id"]) == (Decimal(-5), "pending", "ch_1")


def test_a_payment_settles_an_invoice_by_whatever_it_was_made_with() -> None:
    base: Row = {"status": "open", "invoice_id": "in_1", "currency": "usd"}
    intent, record = mapped("invoice_payment", base | {"payment_intent_id": "pi_1"}, base | {"payment_record_id": "prec_1"})
    assert (intent["payment_source_id"], record["payment_source_id"]) == ("pi_1", "prec_1")
    assert (intent["payment_status"], intent["payment_amount"], intent[PROBLEM]) == ("pending", None, None)


@pytest.mark.parametrize(
    ("source", "row", "reason"),
    [
        (
            "charge",
            {"status": "frozen", "amount": "1", "currency": "usd", "created": STAMP},
            "status: expected one of the mapped words",
        ),
        ("charge", {"status": "failed", "amount": "ten", "currency": "usd", "created": STAMP}, "amount: expected a whole number"),
        (
            "charge",
            {"status": "failed", "amount": "1", "currency": "usd", "created": "yesterday"},
            "created: expected a whole number",
        ),
        ("invoice", INVOICE | {"currency": "usdx"}, "currency: expected an ISO 4217 currency"),
        ("invoice", INVOICE | {"total_excluding_tax": None}, "net_amount: expected a value"),
        ("credit_note_line", NOTE_LINE | {"service_start": "10.03.2026"}, "service_start: expected a date"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(source: str, row: Row, reason: str) -> None:
    assert only(source, row)[PROBLEM].startswith(reason)


def test_numbers_reach_the_mapping_as_they_were_sent() -> None:
    sent = b'{"id":"x","taxes":[{"amount":83,"tax_behavior":"exclusive"}],"price":{"unit_amount":12345678901234567}}'
    flat = flatten(loads_exact(sent))
    assert flat["taxes"] == '[{"amount":"83","tax_behavior":"exclusive"}]'
    assert flat["price.unit_amount"] == "12345678901234567"


AMOUNTS = st.lists(st.integers(-(10**6), 10**6), max_size=4)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(AMOUNTS, st.sampled_from(["usd", "jpy", "kwd"])), min_size=1, max_size=6), st.data())
def test_mapping_parts_gives_the_same_as_mapping_the_whole(lines: list[tuple[list[int], str]], data: st.DataObject) -> None:
    rows = [
        LINE | {"discount_amounts": "[" + ",".join(f'{{"amount":"{a}"}}' for a in amounts) + "]", "currency": code}
        for amounts, code in lines
    ]
    cut = data.draw(st.integers(0, len(rows)))
    whole = mapped("invoice_line", *rows)
    parts = (mapped("invoice_line", *rows[:cut]) if cut else []) + (
        mapped("invoice_line", *rows[cut:]) if cut < len(rows) else []
    )
    without_number = [{k: v for k, v in row.items() if k != "row_number"} for row in parts]
    assert [{k: v for k, v in row.items() if k != "row_number"} for row in whole] == without_number
    digits = {"usd": 2, "jpy": 0, "kwd": 3}
    expected = [Decimal(sum(amounts)).scaleb(-digits[code]) for amounts, code in lines]
    assert [row["discount_amount"] for row in whole] == expected
