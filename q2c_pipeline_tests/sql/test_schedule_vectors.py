"""`q2c schedule`: known answers, and the same opinion as a slow oracle in exact fractions on lines that nobody chose."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from q2c_pipeline.cli import app
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.orchestration import expected
from q2c_pipeline.orchestration.given import files as given_files
from q2c_pipeline_tests.sql.schedule_oracle import Case, billed, earned, metered, written

VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors" / "schedules.json"
SHIPPED = Path(__file__).with_name("schedule_cases.json")
Answer = Callable[[list[Case], Path], list[Case]]


def bill(cases: list[Case], folder: Path) -> list[Case]:
    return expected.billing(given_files.read_billing(_file(cases, folder)))


def earn(cases: list[Case], folder: Path) -> list[Case]:
    return expected.revenue(given_files.read_revenue(_file(cases, folder)))


def _file(cases: list[Case], folder: Path) -> Path:
    file = folder / "lines.json"
    file.write_text(json.dumps(cases), encoding="utf-8")
    return file


@cache
def _cases(file: Path) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("file", [SHIPPED, VECTORS], ids=["own", "shared"])
@pytest.mark.parametrize(("kind", "answer"), [("billing", bill), ("revenue", earn)])
def test_known_answers(kind: str, answer: Answer, file: Path, tmp_path: Path) -> None:
    if not file.exists():
        pytest.skip("the shared vectors are not here")
    cases = _cases(file)[kind]

    assert answer(cases, tmp_path) == [{"id": case["id"], **case["expected"]} for case in cases]


def line(**changes: Any) -> Case:
    usual = {"quantity": "10", "unit_price": "100", "currency": "USD", "charge_type": "recurring", "discount": "0"}
    terms = {"start": "2026-01-15", "end": "2027-01-14", "billing_frequency": "monthly", "price_period": "month"}
    return {
        "id": "one",
        "line": usual | terms | {"anchor": "start", "timing": "advance"} | changes,
        "policy": {"proration": "actual_days", "rounding": "half_up"},
    }


def total_of(revenue: str, recognition: str, **changes: str) -> Case:
    usual = {"total": revenue, "currency": "USD", "start": "2026-06-15T12:00:00Z", "end": "2026-10-13T12:00:00Z"}
    return {"id": recognition, "line": usual | changes, "policy": {"recognition": recognition}}


@pytest.mark.parametrize(
    ("recognition", "amounts"),
    [
        ("by_second", ["15.50", "31.00", "31.00", "30.00", "12.50"]),
        ("daily_straight_line", ["16.00", "31.00", "31.00", "30.00", "12.00"]),
        ("even_by_month", ["30.00", "30.00", "30.00", "30.00"]),
        ("point_in_time", ["120.00"]),
    ],
)
def test_a_term_from_noon_to_noon(recognition: str, amounts: list[str], tmp_path: Path) -> None:
    (found,) = earn([total_of("120", recognition)], tmp_path)

    assert [row["amount"] for row in found["schedule"]] == amounts
    assert found["schedule"][0]["period"] == "2026-06"


def test_half_a_day_is_half_a_day_where_seconds_count(tmp_path: Path) -> None:
    case = line(quantity="1", unit_price="1000", anchor="calendar", start="2026-01-15T12:00:00Z", end="2026-03-10T06:00:00Z")
    case["policy"]["proration"] = "by_second"

    (found,) = bill([case], tmp_path)

    # 16.5 of 31 days, the whole of February, 9.25 of 31 days
    assert [row["amount"] for row in found["schedule"]] == ["532.26", "1000.00", "298.39"]


def test_a_discount_that_ends_within_a_period_counts_for_its_days(tmp_path: Path) -> None:
    (found,) = bill([line(discount="0.1", start="2026-04-01", end="2026-06-30", discount_end="2026-05-10")], tmp_path)

    # April whole at 900.00; May 1,000.00 less a tenth of 10 of 31 days; June whole at 1,000.00
    assert [row["amount"] for row in found["schedule"]] == ["900.00", "967.74", "1000.00"]


def test_terms_that_no_table_holds_are_still_exact(tmp_path: Path) -> None:
    found = bill([line(unit_price="100/3", quantity="3"), line(unit_price="150000000", quantity="2", currency="JPY")], tmp_path)

    assert [one["total"] for one in found] == ["1200.00", "3600000000"]


def test_a_prepaid_term_is_one_period_of_its_months(tmp_path: Path) -> None:
    (found,) = bill([line(billing_frequency="one_time", unit_price="100", quantity="1", timing="arrears")], tmp_path)

    assert found["schedule"] == [
        {"service_start": "2026-01-15", "service_end": "2027-01-14", "due": "2027-01-15", "amount": "1200.00"}
    ]


def test_without_proration_a_period_begun_is_owed_whole(tmp_path: Path) -> None:
    case = line(anchor="calendar", end="2026-03-10", discount="12.5 %", discount_end="2026-02-28")
    case["policy"]["proration"] = "none"

    (found,) = bill([case], tmp_path)

    assert [row["amount"] for row in found["schedule"]] == ["875.00", "875.00", "1000.00"]


def use(**changes: Any) -> Case:
    terms = {"charge_type": "usage", "currency": "USD", "start": "2026-04-01", "end": "2026-06-30"}
    model = {"usage_model": "volume", "tiers": [{"up_to": "100", "unit_price": "1"}, {"unit_price": "0.5"}]}
    return {"id": "use", "line": terms | model | {"usage": [{"period": "2026-05", "quantity": "111"}]} | changes, "policy": {}}


def test_use_is_billed_when_its_month_is_over_and_earned_in_it(tmp_path: Path) -> None:
    case = use(minimum_commitment="60", discount="0.1")

    (billed_use,), (earned_use,) = bill([case], tmp_path), earn([case], tmp_path)

    assert billed_use["schedule"] == [
        {"service_start": "2026-05-01", "service_end": "2026-05-31", "due": "2026-06-01", "amount": "49.95"},
        {"service_start": "2026-06-01", "service_end": "2026-06-30", "due": "2026-07-01", "amount": "10.05"},
    ]
    assert earned_use["schedule"] == [{"period": "2026-05", "amount": "49.95"}, {"period": "2026-06", "amount": "10.05"}]
    assert bill([use(usage=[])], tmp_path) == [{"id": "use", "total": "0.00", "schedule": []}]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"usage_model": "cheap"}, "line.usage_model"), ({"tiers": []}, "line.tiers"),
        ({"usage_model": "per_unit"}, "line.tiers"),
        ({"tiers": [{"up_to": "5", "unit_price": "1"}, {"from": "6", "unit_price": "1"}]}, "line.tiers"),
        ({"tiers": [{"up_to": "0", "unit_price": "1"}]}, "line.tiers"),
        ({"usage": [{"period": "2026-13", "quantity": "1"}]}, "line.usage.0"),
        ({"usage": [{"period": "2026-07", "quantity": "1"}]}, "line.usage"),
        ({"usage_model": "package", "tiers": [], "unit_price": "1"}, "line.package_size"),
        ({"usage_model": "per_unit", "tiers": []}, "line.unit_price"),
        ({"included_quantity": "123456789"}, "use"),
        ({"tiers": [{"unit_price": "1", "package_size": "0"}]}, "line.tiers"),
        ({"tiers": [{"unit_price": "1", "package_size": "0.123456789"}]}, "use"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_usage_line_is_named(change: Case, place: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="use") as raised:
        bill([use(**change)], tmp_path)

    assert place in str(raised.value)


def test_an_activation_or_a_delivery_moves_what_is_earned(tmp_path: Path) -> None:
    late = total_of("120", "daily_straight_line", start="2026-01-01", end="2026-06-30", activated="2026-06-01")
    sent = total_of("120", "point_in_time", start="2026-01-01", end="2026-06-30", delivered="2026-03-09")

    assert [one["schedule"] for one in earn([late, sent], tmp_path)] == [
        [{"period": "2026-06", "amount": "120.00"}], [{"period": "2026-03", "amount": "120.00"}],
    ]  # fmt: skip


def test_what_is_usual_need_not_be_said(tmp_path: Path) -> None:
    terms = {"quantity": 10, "unit_price": 100, "currency": "USD", "start": "2026-01-15", "end": "2027-01-14"}
    brief = {"id": "one", "line": terms | {"billing_frequency": "Monthly", "price_period": "month", "discount": None}}
    said = line(timing="In Advance", anchor="Start")
    at_once = {"id": "at once", "line": {"total": 5, "currency": "JPY", "start": "2026-01-15", "end": None}}

    assert bill([brief], tmp_path) == bill([said], tmp_path) == bill([line()], tmp_path)
    assert earn([at_once | {"policy": {"recognition": "point_in_time"}}], tmp_path)[0]["total"] == "5"


def test_a_line_may_follow_the_periods_of_an_earlier_one(tmp_path: Path) -> None:
    (found,) = bill([line(quantity="1", unit_price="310", anchor="2025-12-31", start="2026-02-10", end="2026-03-30")], tmp_path)

    # boundaries on 31 January, 28 February and 31 March: 18 of 28 days, then whole
    assert [(row["service_start"], row["amount"]) for row in found["schedule"]] == [
        ("2026-02-10", "199.29"), ("2026-02-28", "310.00"),
    ]  # fmt: skip


def test_many_lengths_of_period_in_seconds_stay_exact(tmp_path: Path) -> None:
    case = line(
        quantity="1", unit_price="99999.99", discount="0.0725", discount_start="2026-02-11", discount_end="2026-03-21",
        anchor="calendar", start="2026-01-15T12:00:01Z", end="2026-04-10T06:00:07Z", price_period="year",
    )  # fmt: skip
    case["policy"]["proration"] = "by_second"

    (found,) = bill([case], tmp_path)

    # 16.5 days less a second of January, 18 of 28 and 21 of 31 days at 7.25 % off, 9.25 days and 7 seconds of April
    assert [row["amount"] for row in found["schedule"]] == ["4435.48", "7944.94", "7924.06", "2569.47"]


def test_the_shared_file_itself_may_be_asked(tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    file.write_text(json.dumps({"billing": [line() | {"id": 7}], "standards": []}), encoding="utf-8")

    assert expected.billing(given_files.read_billing(file))[0]["id"] == 7


def test_the_file_may_ask_twice_the_same_and_nothing_at_all(tmp_path: Path) -> None:
    assert bill([], tmp_path) == []
    first, second = bill([line(), line()], tmp_path)
    assert first == second


REFUSED = [
    ({"price_period": None}, "line.price_period"),
    ({"timing": "never"}, "line.timing"),
    ({"anchor": "2026-01-16"}, "line.anchor"),
    ({"anchor": "the 31st"}, "line.anchor"),
    ({"colour": "red"}, "line.colour"),
    ({"end": "2025-12-31"}, "line.end"),
    ({"billing_frequency": "fortnightly"}, "line.billing_frequency"),
    ({"billing_frequency": "custom"}, "line.billing_period_months"),
    ({"billing_frequency": "custom", "billing_period_months": 0}, "line.billing_period_months"),
    ({"billing_frequency": "custom", "billing_period_months": -2}, "line.billing_period_months"),
    ({"billing_period_months": 2}, "line.billing_period_months"),
    ({"currency": "XTS?"}, "line.currency"),
    ({"quantity": "ten"}, "line.quantity"),
    ({"quantity": True}, "line.quantity"),
    ({"unit_price": "1/0"}, "line.unit_price"),
    ({"unit_price": "NaN"}, "line.unit_price"),
    ({"discount": "1.5"}, "line.discount"),
    ({"start": "2026-02-30"}, "line.start"),
    ({"start": 20260101}, "line.start"),
    ({"end": "9999-12-31"}, "line.end"),
    ({"unit_price": "123456789012345678901"}, "one"),
    ({"unit_price": "99999999", "quantity": "99999999"}, "one"),
]


@pytest.mark.parametrize(("change", "place"), REFUSED, ids=[place + str(n) for n, (_, place) in enumerate(REFUSED)])
def test_a_mistake_is_named_by_id_and_field(change: Case, place: str, tmp_path: Path) -> None:
    case = line(**change)
    case["line"] = {name: value for name, value in case["line"].items() if value is not None}
    with pytest.raises(ConfigurationError, match="one") as raised:
        bill([line(), case], tmp_path)

    assert place in str(raised.value)


@pytest.mark.parametrize("text", ["{", "{}", "[3]", '[{"id": "a"}]', '[{"id": "a", "line": {}, "policy": {}}]'])
def test_what_is_no_list_of_cases_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text(text, encoding="utf-8")
    for kind in ("billing", "revenue"):
        result = CliRunner().invoke(app, ["schedule", kind, str(file)])
        assert result.exit_code == 1
        assert result.stdout == ""
        assert "ConfigurationError: broken.json" in result.stderr
        assert "Traceback" not in result.stderr


def test_the_command_prints_json_and_nothing_else(tmp_path: Path) -> None:
    file = _file([line()], tmp_path)

    result = CliRunner().invoke(app, ["schedule", "billing", str(file)])

    assert result.exit_code == 0
    assert json.loads(result.stdout)[0]["total"] == "12000.00"


def test_an_id_that_is_no_whole_text_comes_back_as_it_was_asked(tmp_path: Path) -> None:
    file = _file([{**line(), "id": "x\ud800"}], tmp_path)
    result = CliRunner().invoke(app, ["schedule", "billing", str(file)])
    assert result.exit_code == 0
    assert json.loads(result.stdout)[0]["id"] == "x\ud800"


days = st.dates(date(2019, 1, 1), date(2029, 12, 31)) | st.sampled_from(
    [date(2024, 1, 31), date(2024, 2, 29), date(2026, 1, 30), date(2026, 1, 29), date(2026, 12, 31), date(2026, 2, 28)]
)
quantities = st.integers(-500, 500).map(str) | st.decimals(-999, 99_999, places=3, allow_nan=False).map(str)
prices = st.decimals(-99, 99_999, places=4, allow_nan=False).map(str) | st.sampled_from(
    ["1/3", "100/7", "150000000", "0.00000001"]
)
discounts = st.sampled_from(["0", "0.1", "1/3", "0.125", "2/7", "1", "0.0312345"])
currencies = st.sampled_from(["USD", "JPY", "KWD", "EUR", "CLF"])


@st.composite
def recurring_cases(draw: st.DrawFn) -> Case:
    """A recurring line of up to four years."""
    start = draw(days)
    frequency = draw(st.sampled_from(["monthly", "quarterly", "semi_annual", "annual", "custom", "one_time"]))
    case = line(
        start=str(start), end=str(start + timedelta(days=draw(st.integers(0, 1500)))), billing_frequency=frequency,
        quantity=draw(quantities), unit_price=draw(prices), discount=draw(discounts), currency=draw(currencies),
        anchor=draw(st.sampled_from(["start", "calendar"])), timing=draw(st.sampled_from(["advance", "arrears"])),
        price_period=draw(st.sampled_from(["month", "year"])),
    )  # fmt: skip
    if frequency == "custom":
        case["line"]["billing_period_months"] = draw(st.sampled_from([1, 2, 5, 7, 24]))
    if case["line"]["unit_price"] not in {"1/3", "100/7", "150000000"} and draw(st.booleans()):
        case["line"]["discount_end"] = str(start + timedelta(days=draw(st.integers(0, 900))))
    rounding = draw(st.sampled_from(["half_up", "half_even"]))
    return case | {
        "policy": {"proration": draw(st.sampled_from(["actual_days", "thirty_360", "by_second", "none"])), "rounding": rounding}
    }


@st.composite
def earned_cases(draw: st.DrawFn) -> Case:
    """An amount earned over up to four years."""
    start = draw(days)
    recognition = draw(st.sampled_from(["daily_straight_line", "even_by_month", "by_second", "point_in_time"]))
    total = draw(st.decimals(-99_999_999, 99_999_999, places=3, allow_nan=False))
    end = start + timedelta(days=draw(st.integers(0, 1500)))
    case = total_of(str(total), recognition, start=str(start), end=str(end), currency=draw(currencies))
    return case | {"policy": {"recognition": recognition, "rounding": draw(st.sampled_from(["half_up", "half_even"]))}}


@st.composite
def metered_cases(draw: st.DrawFn) -> Case:
    """A usage line of up to a year and a half with use in some of its months."""
    start = draw(days)
    term = draw(st.integers(0, 500))
    model = draw(st.sampled_from([None, "per_unit", "percentage", "package", "graduated", "volume"]))
    some = st.decimals(0, 5000, places=3, allow_nan=False).map(str)
    terms: Case = {
        "charge_type": "usage",
        "start": str(start),
        "end": str(start + timedelta(days=term)),
        "unit_price": draw(some),
    }
    terms |= {"currency": draw(currencies), "discount": draw(discounts), "included_quantity": draw(some)}
    terms |= {"minimum_commitment": str(draw(st.integers(0, 10_000)))} | ({"usage_model": model} if model else {})
    if model == "package":
        terms["package_size"] = str(draw(st.integers(1, 500)))
    if model in {"graduated", "volume"}:
        ends = [*sorted(draw(st.sets(st.integers(1, 4000), max_size=3))), None]
        terms["tiers"] = [
            {
                "up_to": None if end is None else str(end),
                "unit_price": draw(some),
                "flat_amount": draw(st.sampled_from(["0", "7.5"])),
            }
            for end in ends
        ]
    used = draw(st.lists(st.tuples(st.integers(0, term), some), max_size=4))
    terms["usage"] = [{"start": str(start + timedelta(days=day)), "quantity": quantity} for day, quantity in used]
    return {"line": terms, "policy": {"rounding": draw(st.sampled_from(["half_up", "half_even"]))}}


many = settings(
    max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)  # fmt: skip
"""Each example is a file of many lines: starting a warehouse costs more than a line does."""


@many
@given(st.lists(recurring_cases(), min_size=20, max_size=60), st.randoms(use_true_random=False))
def test_any_line_bills_what_fractions_say_wherever_it_stands(
    tmp_path_factory: pytest.TempPathFactory, cases: list[Case], order: random.Random
) -> None:
    cases = _numbered(cases)
    _same_as(billed, bill, cases, tmp_path_factory.mktemp("billing"), order)


@many
@given(st.lists(earned_cases(), min_size=20, max_size=60), st.randoms(use_true_random=False))
def test_any_amount_is_earned_as_fractions_say_wherever_it_stands(
    tmp_path_factory: pytest.TempPathFactory, cases: list[Case], order: random.Random
) -> None:
    _same_as(earned, earn, _numbered(cases), tmp_path_factory.mktemp("revenue"), order)


@many
@given(st.lists(metered_cases(), min_size=20, max_size=60), st.randoms(use_true_random=False))
def test_any_use_bills_what_fractions_say_wherever_it_stands(
    tmp_path_factory: pytest.TempPathFactory, cases: list[Case], order: random.Random
) -> None:
    _same_as(metered, bill, _numbered(cases), tmp_path_factory.mktemp("usage"), order)


def _numbered(cases: list[Case]) -> list[Case]:
    return [deepcopy(case) | {"id": f"case {n}"} for n, case in enumerate(cases)]


def _same_as(oracle: Callable[[Case], Case], answer: Answer, cases: list[Case], folder: Path, order: random.Random) -> None:
    found = answer(cases, folder)
    assert found == [{"id": case["id"], **oracle(case)} for case in cases]
    for case, one in zip(cases, found, strict=True):
        assert (
            written(sum((Fraction(row["amount"]) for row in one["schedule"]), Fraction(0)), case["line"]["currency"])
            == one["total"]
        )
    shuffled = list(cases)
    order.shuffle(shuffled)
    by_id = {one["id"]: one for one in found}
    assert answer(shuffled, folder) == [by_id[case["id"]] for case in shuffled]
