from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q2c_pipeline.domain.kinds import DocumentStatus
from q2c_pipeline.schemas import reading as r


def parse(column: r.Column, **values: list[str | None]) -> tuple[list[object], list[str | None]]:
    frame = pl.DataFrame(values, schema=dict.fromkeys(values, pl.String())).lazy()
    out = r.with_steps(frame, [column]).select(value=column.value, problem=column.problem).collect()
    return out["value"].to_list(), out["problem"].to_list()


def test_money_is_exact_or_a_problem() -> None:
    values, problems = parse(r.money("a"), a=["1234.50", "-0.0001", "1.23450", "1.23456", "1,234.50", "1e3", None, " "])
    assert values == [Decimal("1234.5"), Decimal("-0.0001"), Decimal("1.2345"), None, None, None, None, None]
    assert [p is not None for p in problems] == [False, False, False, True, True, True, False, False]
    assert problems[3] == "a: expected a number with at most 4 decimals, found '1.23456'"


def test_minor_units_follow_the_rows_currency() -> None:
    values, _ = parse(r.minor_units("a", "c"), a=["1999", "1999", "1999", "-5"], c=["usd", "JPY", "kwd", "eur"])
    assert values == [Decimal("19.99"), Decimal(1999), Decimal("1.999"), Decimal("-0.05")]


def test_sub_cent_unit_prices_keep_their_digits() -> None:
    values, _ = parse(r.minor_rate("a", "c"), a=["0.5", "2000", "0.0000005"], c=["usd", "usd", "usd"])
    assert values == [Decimal("0.005"), Decimal(20), Decimal("0.00000001")]


def test_percent_becomes_a_fraction() -> None:
    assert parse(r.percent_as_fraction("p"), p=["12.5", "100", None])[0] == [Decimal("0.125"), Decimal(1), None]


def test_an_exclusive_end_gives_the_last_day_in_the_ledgers_time_zone() -> None:
    midnight = str(int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()))
    assert parse(r.unix_date("t", exclusive_end=True), t=[midnight])[0] == [date(2026, 1, 31)]
    assert parse(r.unix_date("t", "Asia/Tokyo"), t=[midnight])[0] == [date(2026, 2, 1)]
    assert parse(r.unix_date("t", "America/New_York"), t=[midnight])[0] == [date(2026, 1, 31)]


def test_an_unknown_word_is_a_problem_not_a_default() -> None:
    words = {"open": DocumentStatus.OPEN, "paid": DocumentStatus.PAID}
    values, problems = parse(r.enum("s", words), s=["open", "frozen", None])
    assert values == ["open", None, None]
    assert problems == [None, "s: expected one of the mapped words, found 'frozen'", None]


def test_a_currency_must_exist() -> None:
    values, problems = parse(r.currency("c"), c=["eur", "EURO"])
    assert values == ["EUR", None]
    assert problems[1] == "c: expected an ISO 4217 currency, found 'EURO'"


LEGAL_ENTITY = r.Reading(
    source="subsidiary",
    table="legal_entity",
    columns={
        "source_id": r.text("id"),
        "source_version": r.instant("stamp", "%Y-%m-%d %H:%M:%S"),
        "legal_entity_code": r.text("code"),
        "currency": r.currency("currency"),
    },
)


def raw(rows: list[dict[str, object]]) -> pl.LazyFrame:
    text = dict.fromkeys(("id", "stamp", "code", "currency"), pl.String())
    added = {
        "instance": pl.String(), "batch_id": pl.String(), "as_of": pl.Date(), "row_number": pl.Int64(),
        "is_tombstone": pl.Boolean(), "tombstone_id": pl.String(), "tombstone_at": pl.Datetime("us", "UTC"),
    }  # fmt: skip
    common = {"instance": "erp", "batch_id": "b", "as_of": date(2026, 1, 31), "is_tombstone": False}
    return pl.LazyFrame([{**common, "row_number": i, **row} for i, row in enumerate(rows)], schema={**text, **added})


def test_a_missing_required_value_rejects_the_row_and_names_the_field() -> None:
    rows = r.read(LEGAL_ENTITY, raw([{"id": "1", "stamp": "2026-01-01 00:00:00", "code": None, "currency": "USD"}])).collect()
    assert rows[r.PROBLEM].to_list() == ["legal_entity_code: expected a value, found none"]


def test_a_tombstone_keeps_its_identity_and_is_never_rejected() -> None:
    gone = datetime(2026, 1, 5, tzinfo=UTC)
    rows = r.read(LEGAL_ENTITY, raw([{"is_tombstone": True, "tombstone_id": "7", "tombstone_at": gone}])).collect().to_dicts()
    assert (rows[0]["source_id"], rows[0]["source_version"], rows[0]["is_deleted"]) == ("7", gone, True)
    assert rows[0][r.PROBLEM] is None


def test_mistakes_of_a_mapping_are_found() -> None:
    assert r.missing_columns(LEGAL_ENTITY) == []
    wrong = r.Reading("subsidiary", "legal_entity", {"source_id": r.text("id"), "legal_entity": r.text("code")})
    assert r.missing_columns(wrong) == ["source_version", "legal_entity_code", "currency"]
    assert r.misnamed_columns(wrong) == ["legal_entity"]


cell = st.one_of(st.none(), st.sampled_from(["USD", "JPY", "usd", "1", "12.5", "x", "", "2026-01-01 00:00:00"]))


@given(st.lists(st.tuples(cell, cell, cell, cell), max_size=12), st.integers(0, 12))
def test_reading_a_whole_equals_reading_its_parts(rows: list[tuple[str | None, ...]], cut: int) -> None:
    frame = raw([dict(zip(("id", "stamp", "code", "currency"), row, strict=True)) for row in rows])
    whole = r.read(LEGAL_ENTITY, frame).collect()
    parts = [r.read(LEGAL_ENTITY, frame.head(cut)).collect(), r.read(LEGAL_ENTITY, frame.slice(cut)).collect()]
    assert whole.equals(pl.concat(parts))


@pytest.mark.parametrize("text", ["2026-01-31T23:59:59.000+0000", "2026-01-31T23:59:59+00:00"])
def test_instants_with_an_offset_are_utc(text: str) -> None:
    assert parse(r.instant("t"), t=[text])[0] == [datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)]


def test_a_unit_price_that_no_table_holds_is_a_problem() -> None:
    values, problems = parse(r.minor_rate("a", "c"), a=["9999999999", "100000000"], c=["usd", "jpy"])
    assert values == [Decimal("99999999.99"), None]
    assert problems == [None, "a: expected less than a hundred million major units, found '100000000'"]


COLUMNS = {
    "text": r.text("a"),
    "money": r.money("a"),
    "rate": r.rate("a"),
    "percent": r.percent_as_fraction("a"),
    "count": r.count("a"),
    "currency": r.currency("a"),
    "minor_units": r.minor_units("a", "b"),
    "minor_rate": r.minor_rate("a", "b"),
    "date": r.date("a"),
    "instant": r.instant("a"),
    "unix_date": r.unix_date("a", "Asia/Tokyo", exclusive_end=True),
    "flag": r.flag("a"),
    "enum": r.enum("a", {"open": DocumentStatus.OPEN}),
    "or_else": r.or_else(r.money("a"), r.rate("b")),
    "combine": r.combine(pl.max_horizontal, r.date("a"), r.date("b")),
}
words = ["USD", "jpy", " 1 ", "-12.50", "1e3", "12345678901", "1767225600", "2026-01-31", "true", "open", "x", "", " "]
given_text = st.lists(st.tuples(*[st.one_of(st.none(), st.sampled_from(words))] * 2), min_size=1, max_size=12)


@pytest.mark.parametrize("kind", COLUMNS)
@given(given_text)
def test_a_column_fails_exactly_where_it_has_a_sentence(kind: str, cells: list[tuple[str | None, str | None]]) -> None:
    frame = pl.DataFrame(cells, schema={"a": pl.String(), "b": pl.String()}, orient="row").lazy()
    column = COLUMNS[kind]
    found = r.with_steps(frame, [column]).select(fails=column.fails, problem=column.problem).collect()
    assert found["fails"].fill_null(value=False).to_list() == found["problem"].is_not_null().to_list()


@given(st.lists(st.tuples(cell, cell, cell, cell), max_size=12))
def test_sifting_refuses_exactly_the_rows_that_reading_rejects(rows: list[tuple[str | None, ...]]) -> None:
    frame = raw([dict(zip(("id", "stamp", "code", "currency"), row, strict=True)) for row in rows])
    explained, sifted = r.read(LEGAL_ENTITY, frame).collect(), r.sift(LEGAL_ENTITY, frame).collect()
    assert sifted[r.REFUSED].to_list() == explained[r.PROBLEM].is_not_null().to_list()
    assert sifted.drop(r.REFUSED).equals(explained.drop(r.PROBLEM))
