"""How rows leave through the command line."""

from __future__ import annotations

import json
from decimal import Decimal

import polars as pl
import pytest

from q2c_pipeline.orchestration.asking import as_csv, as_json, shown


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_becomes_a_formula(text: str) -> None:
    written = as_csv(pl.DataFrame({"customer": [text]}))
    assert written.removeprefix("customer\n").lstrip('"').startswith(f"'{text[0]}")


def test_amounts_keep_their_sign_and_digits() -> None:
    frame = pl.DataFrame({"amount": [Decimal("-12.5000"), None], "customer": ["Ä, GmbH", "plain"]})
    assert as_csv(frame) == 'amount,customer\n-12.50,"Ä, GmbH"\n,plain\n'
    assert json.loads(as_json(frame)) == [
        {"amount": "-12.50", "customer": "Ä, GmbH"},
        {"amount": None, "customer": "plain"},
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234.5000"), "1234.50"),
        (Decimal("0.12340000"), "0.1234"),
        (Decimal("0E-8"), "0.00"),
        (Decimal("1E+3"), "1000.00"),
        (Decimal("-0.0050"), "-0.005"),
        (3, "3"),
        (None, ""),
    ],
)
def test_cells_are_plain_digits(value: object, text: str) -> None:
    assert shown(value) == text
