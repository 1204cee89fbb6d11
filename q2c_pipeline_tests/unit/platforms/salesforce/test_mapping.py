"""Vendor text in, canonical rows out: each object of an org, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from q2c_pipeline.platforms.salesforce import mapping
from q2c_pipeline.schemas.fieldmap import load_field_map
from q2c_pipeline.schemas.reading import Reading, misnamed_columns, missing_columns, read

FIELDS = load_field_map(Path(mapping.__file__).parent / "fields.toml")
READINGS = {reading.table: reading for reading in mapping.readings({}, {})}
Row = dict[str, str | None]
STAMP = "2026-02-03T04:05:06.000+0000"
LINE: Row = {
    "order_id": "801A", "line_number": "1", "product_id": "01tA", "quantity": "-2.0", "unit_price": "120.0",
    "discount_percent": "12.5", "start_date": "2026-01-01", "end_date": "2026-12-31", "billing_frequency": "Monthly",
    "billing_timing": "Advance", "billing_anchor": "Start", "price_period": "Month", "charge_type": "Recurring",
}  # fmt: skip
ORDER: Row = {
    "order_number": "ORD-1", "account_id": "001A", "status": "Activated", "status_code": "Activated",
    "legal_entity_code": "DE", "currency": "EUR", "start_date": "2026-01-01", "activated_at": STAMP,
}  # fmt: skip
DEAL: Row = {
    "opportunity_number": "OPP-1", "opportunity_name": "Deal", "account_id": "001A", "is_closed": "true",
    "is_won": "true", "close_date": "2026-01-01", "amount": "1200.1", "currency": "EUR",
}  # fmt: skip


def raw_frame(reading: Reading, *rows: Row) -> pl.LazyFrame:
    names = list(FIELDS[reading.source].vendor)
    common: Row = {"id": "X", "modified_at": STAMP, "is_deleted": "false"}
    texts = pl.LazyFrame([common | row for row in rows], schema=dict.fromkeys(names, pl.String()))
    return texts.with_row_index("row_number").with_columns(
        instance=pl.lit("sf_main"),
        batch_id=pl.lit("b1"),
        as_of=pl.lit(date(2026, 3, 31)),
        is_tombstone=pl.lit(value=False),
        tombstone_id=pl.lit(None, dtype=pl.String),
        tombstone_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
    )


def mapped(table: str, *rows: Row, conventions: dict[str, str] | None = None) -> list[dict[str, Any]]:
    reading = next(r for r in mapping.readings(conventions or {}, {}) if r.table == table)
    return read(reading, raw_frame(reading, *rows)).collect().to_dicts()


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS.keys())
def test_every_needed_field_is_given_and_none_is_invented(reading: Reading) -> None:
    assert missing_columns(reading) == []
    assert misnamed_columns(reading) == []


def test_account() -> None:
    row = mapped("account", {"account_name": " Acme ", "currency": "eur", "erp_customer_id": "17", "tax_id": ""})[0]
    assert (row["account_name"], row["currency"], row["claimed_erp_account_id"], row["tax_id"]) == ("Acme", "EUR", "17", None)
    assert row["source_version"] == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert row["reject_reason"] is None


def test_an_accounts_address_is_one_line_of_what_is_known_of_it() -> None:
    place: Row = {"account_name": "A", "website": "https://acme.example", "street": "1 High St\nFloor 2", "city": "Leeds"}
    row = mapped("account", place)[0]
    assert (row["domain"], row["address"]) == ("https://acme.example", "1 High St Floor 2 Leeds")
    assert mapped("account", {"account_name": "A", "street": " "})[0]["address"] is None


@pytest.mark.parametrize("stamp", [STAMP, "2026-02-03T04:05:06.000Z", "2026-02-03T04:05:06Z"])
def test_rest_and_bulk_stamps_are_the_same_moment(stamp: str) -> None:
    row = mapped("account", {"account_name": "A", "modified_at": stamp})[0]
    assert row["source_version"] == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def test_an_org_with_one_currency_takes_it_from_the_convention() -> None:
    price: Row = {"product_id": "01tA", "unit_price": "5.0", "is_active": "true"}
    assert mapped("price", price, conventions={"currency": "GBP"})[0]["currency"] == "GBP"
    assert mapped("price", price)[0]["reject_reason"] == "currency: expected a value, found none"


def test_product_of_an_unknown_revenue_class_is_refused() -> None:
    row = mapped("product", {"product_name": "P", "is_active": "true", "revenue_class": "Milestone"})[0]
    assert row["reject_reason"] == "revenue_class: expected one of the mapped words, found 'Milestone'"


@pytest.mark.parametrize(
    ("closed", "won", "stage"), [("true", "true", "won"), ("true", "false", "lost"), ("false", "false", "open")]
)
def test_opportunity_stage_comes_from_closed_and_won(closed: str, won: str, stage: str) -> None:
    row = mapped("opportunity", DEAL | {"is_closed": closed, "is_won": won})[0]
    assert (row["opportunity_stage"], row["opportunity_amount"]) == (stage, Decimal("1200.1"))


def test_opportunity_line() -> None:
    line: Row = {"opportunity_id": "006A", "product_id": "01tA", "quantity": "3.0", "unit_price": "5.0E-4"}
    assert "5.0E-4" in mapped("opportunity_line", line)[0]["reject_reason"]
    assert mapped("opportunity_line", line | {"unit_price": "0.0005"})[0]["unit_price"] == Decimal("0.0005")


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [("Activated", "Activated", "activated"), ("Draft", "Draft", "draft"), ("Cancelled", "Draft", "cancelled")],
)
def test_contract_status(status: str, code: str, expected: str) -> None:
    assert mapped("contract", ORDER | {"status": status, "status_code": code})[0]["contract_status"] == expected


def test_contract_of_an_unknown_amendment_kind_is_refused() -> None:
    assert mapped("contract", ORDER | {"amendment_kind": "Co-term Add-on"})[0]["amendment_kind"] == "coterm_add_on"
    assert "Swap" in mapped("contract", ORDER | {"amendment_kind": "Swap"})[0]["reject_reason"]


def test_contract_line_is_exact() -> None:
    row = mapped("contract_line", LINE | {"ramp_segment": "2.0", "original_line_id": "802A"})[0]
    assert (row["quantity"], row["unit_price"], row["discount_fraction"]) == (Decimal(-2), Decimal(120), Decimal("0.125"))
    assert (row["ramp_segment"], row["amends_line_source_id"], row["end_date"]) == (2, "802A", date(2026, 12, 31))
    assert mapped("contract_line", LINE | {"discount_percent": None})[0]["discount_fraction"] == 0


def test_only_a_one_time_line_may_lack_an_end() -> None:
    once = LINE | {"billing_frequency": "One-Time", "end_date": None}
    assert mapped("contract_line", once)[0]["end_date"] == date(2026, 1, 1)
    assert mapped("contract_line", LINE | {"end_date": None})[0]["reject_reason"] == "end_date: expected a value, found none"


@pytest.mark.parametrize(
    "row",
    [{"quantity": "ten"}, {"unit_price": "1.123456789"}, {"start_date": "01/02/2026"}, {"billing_timing": "Later"}],
)
def test_contract_line_that_cannot_be_read_is_refused(row: Row) -> None:
    found = mapped("contract_line", LINE | row)[0]
    (name, value), *_ = row.items()
    assert found["reject_reason"].startswith(f"{name}: expected")
    assert value in found["reject_reason"]


def tiers(text: str | None) -> list[dict[str, Any]]:
    return mapped("contract_tier", LINE | {"id": "802A", "usage_tiers": text})


def test_tiers_are_read_digit_by_digit() -> None:
    found = tiers(
        '[{"up_to":"1000","unit_price":"0"},{"up_to":2000.5,"unit_price":0.12345678},{"up_to":null,"unit_price":"0.02"}]'
    )
    assert [(t["source_id"], t["tier_number"], t["from_quantity"], t["up_to_quantity"], t["unit_price"]) for t in found] == [
        ("802A/1", 1, Decimal(0), Decimal(1000), Decimal(0)),
        ("802A/2", 2, Decimal(1000), Decimal("2000.5"), Decimal("0.12345678")),
        ("802A/3", 3, Decimal("2000.5"), None, Decimal("0.02")),
    ]
    assert {t["flat_amount"] for t in found} == {Decimal(0)}
    assert {t["package_size"] for t in found} == {None}
    assert tiers('[{"package_size":"100","unit_price":"1"}]')[0]["package_size"] == Decimal(100)
    assert {t["reject_reason"] for t in found} == {None}


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_line_without_tiers_has_no_tier_rows(text: str | None) -> None:
    assert tiers(text) == []


@pytest.mark.parametrize(
    "text",
    ["none", "[]", '[{"up_to":"1000"', '[{"up_to":"1e3","unit_price":"0"}]', '[{"up_to":"5","unit_price":"0","currency":"USD"}]'],
)
def test_tiers_in_another_form_are_refused_once(text: str) -> None:
    (row,) = tiers(text)
    assert row["reject_reason"] == f"usage_tiers: expected a list of tiers with up_to and unit_price, found '{text}'"


def test_tier_limits_must_rise_and_end_last() -> None:
    falling = tiers('[{"up_to":"10","unit_price":"1"},{"up_to":"5","unit_price":"1"}]')
    assert "limits that rise" in falling[1]["reject_reason"]
    early = tiers('[{"up_to":null,"unit_price":"1"},{"up_to":"5","unit_price":"1"}]')
    assert early[1]["reject_reason"] == "from_quantity: expected a value, found none"
    assert tiers('[{"up_to":"10"}]')[0]["reject_reason"] == "unit_price: expected a value, found none"


_TEXTS = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "x", '[{"up_to":"1","unit_price":"2"},{"up_to":null,"unit_price":"1"}]', '[{"up_to":null,"unit_price":3}]']
    ),
)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.fixed_dictionaries({"usage_tiers": _TEXTS, "quantity": st.sampled_from(["1.0", "x", None])}), max_size=6),
    st.data(),
)
def test_mapping_the_whole_is_putting_the_mapped_parts_together(rows: list[Row], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(rows)))
    for table in ("contract_line", "contract_tier"):
        whole, parts = mapped(table, *(LINE | r for r in rows)), []
        for part in (rows[:cut], rows[cut:]):
            parts += mapped(table, *(LINE | r for r in part))
        drop = {"row_number"}
        assert [{k: v for k, v in r.items() if k not in drop} for r in whole] == [
            {k: v for k, v in r.items() if k not in drop} for r in parts
        ]
