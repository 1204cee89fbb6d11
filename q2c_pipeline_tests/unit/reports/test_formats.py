"""Figures are written for people and never rounded on the way."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from q2c_pipeline.domain.kinds import Leg
from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.reports import formats


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234567.5000", "USD", "1,234,567.50"),
        ("-1234.5", "EUR", "\N{MINUS SIGN}1,234.50"),
        ("1000", "JPY", "1,000"),
        ("0.5", "JPY", "0.5"),
        ("0.0001", "USD", "0.0001"),
        ("1.5", "KWD", "1.500"),
        ("0", "USD", "0.00"),
        ("-0.00", "USD", "0.00"),
        ("7", None, "7.00"),
        ("1E+3", "USD", "1,000.00"),
    ],
)
def test_amounts(amount: str, currency: str | None, text: str) -> None:
    assert formats.amount_text(Decimal(amount), currency) == text


def test_nothing_is_no_amount() -> None:
    assert formats.amount_text(None, "USD") == ""


@pytest.mark.parametrize(
    ("value", "text"), [("12.50000000", "12.5"), ("10", "10"), ("-3.00", "\N{MINUS SIGN}3"), ("1E+2", "100")]
)
def test_quantities(value: str, text: str) -> None:
    assert formats.number_text(Decimal(value)) == text


def test_periods() -> None:
    assert formats.period_text(date(2026, 3, 1), date(2026, 3, 1)) == "2026-03"
    assert formats.period_text(date(2026, 3, 1), date(2026, 5, 1)) == "2026-03 to 2026-05"
    assert formats.period_text(None) == ""


def test_evidence() -> None:
    assert formats.evidence_lines('[{"instance":"a","table":"b","source_id":"c"}]') == ["a/b/c"]
    assert formats.evidence_lines("not json") == ["not json"]
    assert formats.evidence_lines(None) == []


def test_every_leg_has_words() -> None:
    assert set(formats.LEG_NAMES) == set(Leg)


def test_a_cause_is_named_as_people_say_it() -> None:
    titles = {"BB04": "price drift"}
    assert formats.cause_name("BB04", titles) == "BB04 price drift"
    assert formats.cause_name("fx_unrealised", titles) == "Exchange, unrealised"
    assert formats.cause_name("timing", titles) == "In flight"


def test_every_cause_that_no_control_names_has_words() -> None:
    written = {cause for file in load_sql_files() for cause in re.findall(r"'(\w+)' as explained_cause", file.sql)}
    assert len(written) >= 3
    assert written | {"timing", "unexplained"} == set(formats.CAUSE_NAMES)
