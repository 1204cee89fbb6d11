from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from q2c_pipeline.domain.keys import digest
from q2c_pipeline.domain.money import exponents, round_money


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("2.345", "USD", "2.35"),
        ("-2.345", "USD", "-2.35"),
        ("0.5", "JPY", "1"),
        ("-0.5", "JPY", "-1"),
        ("1.0005", "KWD", "1.001"),
    ],
)
def test_rounding_is_half_away_from_zero_at_the_exponent(amount: str, currency: str, expected: str) -> None:
    assert round_money(Decimal(amount), currency) == Decimal(expected)


def test_exponents_follow_iso_4217() -> None:
    assert {code: exponents()[code] for code in ("USD", "JPY", "KWD")} == {"USD": 2, "JPY": 0, "KWD": 3}


@given(st.lists(st.text(), min_size=2, max_size=2), st.lists(st.text(), min_size=2, max_size=2))
def test_different_parts_never_share_a_digest(left: list[str], right: list[str]) -> None:
    assert (digest(*left) == digest(*right)) == (left == right)


def test_moving_a_separator_changes_the_digest() -> None:
    assert digest("a,b", "c") != digest("a", "b,c")
