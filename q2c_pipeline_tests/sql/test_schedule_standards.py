"""`q2c schedule allocation` and `modification`: figures of the revenue standard's illustrative examples, and what is refused."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from q2c_pipeline.cli import app
from q2c_pipeline_tests.sql.schedule_oracle import Case, rounded, written

VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors" / "schedules.json"


def asked(kind: str, cases: list[Case] | dict[str, Any], folder: Path) -> list[Case]:
    file = folder / "cases.json"
    file.write_text(json.dumps(cases), encoding="utf-8")
    result = CliRunner().invoke(app, ["schedule", kind, str(file)])
    assert result.exit_code == 0, result.stderr
    found: list[Case] = json.loads(result.stdout)
    return found


def price(total: str, *prices: str | None, currency: str = "USD") -> Case:
    obligations = [{"id": chr(65 + n), "ssp": one} for n, one in enumerate(prices)]
    facts = {"currency": currency, "transaction_price": total, "obligations": obligations}
    return {"id": total, "kind": "allocation"} | facts


def together(bundle_price: str, names: str, case: Case) -> Case:
    return case | {"bundle": {"obligations": list(names), "price": bundle_price}}


def change(method: str = "prospective", **facts: Any) -> Case:
    return {"id": method, "kind": "modification", "currency": "USD", "method": method, "added_consideration": "0"} | facts


def test_the_shared_standards(tmp_path: Path) -> None:
    if not VECTORS.exists():
        pytest.skip("the shared vectors are not here")
    cases = json.loads(VECTORS.read_text(encoding="utf-8"))
    by_id = {case["id"]: case for case in cases["standards"]}
    for one in asked("allocation", cases, tmp_path):
        assert one["allocation"] == by_id.pop(one["id"])["expected"]
    for one in asked("modification", cases, tmp_path):
        assert one["per_period"] == by_id.pop(one["id"])["expected_per_period"]
    assert by_id == {}


@pytest.mark.parametrize(
    ("case", "shares"),
    [
        (price("100", "50", "25", "75"), ["33.33", "16.67", "50.00"]),
        (price("100", "1", "1", "1", currency="JPY"), ["33", "33", "34"]),
        (price("-100", "1", "1", "1", currency="KWD"), ["-33.333", "-33.333", "-33.334"]),
        # a product of no observable price has what the others leave
        (price("130", "40", "60", None), ["40.00", "60.00", "30.00"]),
        (price("130", None, "40.0050", "60"), ["29.99", "40.01", "60.00"]),
        (price("100", "1/3", "2/3"), ["33.33", "66.67"]),
        # what is off belongs to B and C, which are sold together for 60
        (together("60", "BC", price("100", "40", "55", "45")), ["40.00", "33.00", "27.00"]),
        (together("60", "BC", price("130", "40", "55", "45", None)), ["40.00", "33.00", "27.00", "30.00"]),
        (together("59.99", "CBA", price("99.98", "25", "25", "50", "39.99")), ["15.00", "15.00", "29.99", "39.99"]),
        # more is off than the bundle's 40: all have their share
        (together("60", "BC", price("99", "40", "55", "45")), ["28.29", "38.89", "31.82"]),
    ],
)
def test_a_price_is_divided_over_its_obligations(case: Case, shares: list[str], tmp_path: Path) -> None:
    ((one),) = asked("allocation", [case], tmp_path)

    assert list(one["allocation"].values()) == shares


@pytest.mark.parametrize("prices", [["3", "5"], ["0.0001", "99999", "7.5"], ["1"] * 13])
def test_shares_are_what_fractions_say_and_sum_to_the_price(prices: list[str], tmp_path: Path) -> None:
    ((one),) = asked("allocation", [price("1234.57", *prices)], tmp_path)
    whole = sum(map(Fraction, prices))
    exact = [rounded(Fraction("1234.57") * Fraction(each) / whole, "USD", "half_up") for each in prices]
    exact[-1] = Fraction("1234.57") - sum(exact[:-1])

    assert list(one["allocation"].values()) == [written(amount, "USD") for amount in exact]


def test_what_remains_is_spread_or_caught_up(tmp_path: Path) -> None:
    whole: Case = {"consideration": "300000", "periods": 36, "elapsed_periods": 24, "added_consideration": "180000"}
    cases = [
        change(remaining_consideration="6000", added_consideration="2400", remaining_periods=90),
        change(**whole, remaining_periods=48),
        change("cumulative_catch_up", **whole, remaining_periods=48),
        change("cumulative_catch_up", **(whole | {"added_consideration": "-60000"}), remaining_periods=12),
        change(remaining_consideration="100000", remaining_periods=30_000),
    ]

    # 280,000 over 48 months; 480,000 over 72 where 200,000 were earned for 160,000; 240,000 over 36 where 160,000 should be
    assert [(one["per_period"], one["catch_up"]) for one in asked("modification", cases, tmp_path)] == [
        ("93.33", "0.00"), ("5833.33", "0.00"), ("6666.67", "-40000.00"), ("6666.67", "-40000.00"), ("3.33", "0.00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "case", "place"),
    [
        ("allocation", price("100", "50"), "obligations"),
        ("allocation", price("100", "50", None, None), "obligations"),
        ("allocation", price("100", "50", "0"), "obligations"),
        ("allocation", price("100", "60", "50", None), "transaction_price"),
        ("allocation", price("100", "0.00001", "50", None), "100"),
        ("allocation", together("60", "BD", price("130", "40", "55", "45", None)), "bundle"),
        ("allocation", together("60", "BX", price("130", "40", "55")), "bundle"),
        ("allocation", together("60", "BB", price("130", "40", "55")), "bundle"),
        ("allocation", together("100", "BC", price("130", "40", "55", "45")), "bundle"),
        ("allocation", together("99", "BC", price("100", "40", "55", "45", None)), "transaction_price"),
        ("modification", change(remaining_periods=3), "remaining_consideration"),
        ("modification", change("cumulative_catch_up", remaining_consideration="1", remaining_periods=3), "consideration"),
        ("modification", change(consideration="1", periods=3, elapsed_periods=3, remaining_periods=3), "elapsed_periods"),
        ("modification", change(consideration="1", periods=9, elapsed_periods=3, remaining_periods=3), "remaining_periods"),
        ("modification", change("retrospective", remaining_consideration="1", remaining_periods=3), "method"),
    ],
)
def test_a_mistake_is_named(kind: str, case: Case, place: str, tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([case]), encoding="utf-8")
    result = CliRunner().invoke(app, ["schedule", kind, str(file)])

    assert result.exit_code == 1
    assert "ConfigurationError" in result.stderr
    assert place in result.stderr
