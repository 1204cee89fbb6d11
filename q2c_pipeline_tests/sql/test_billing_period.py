"""What contract lines owe, period by period: known answers worked out in exact fractions, one line each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from q2c_pipeline_tests.sql.world import World, masters


def schedule(proration: str = "actual_days", currency: str = "USD", **line: Any) -> list[tuple[str, str, str, Decimal]]:
    world = masters(World())
    world.params["proration"] = proration
    line = {
        name: Decimal(value) if name in {"quantity", "unit_price", "discount_fraction"} else value for name, value in line.items()
    }
    world.order(1, currency=currency, activated_at=None, **line)
    world.params["as_of"] = max(date(2026, 10, 31), line["start_date"])
    with world.run("schedule.billing_period") as warehouse:
        rows = warehouse.query(
            "select service_start_date, service_end_date, due_date, net_amount from schedule.billing_period order by all"
        ).rows()
    return [(str(start), str(end), str(due), amount.normalize()) for start, end, due, amount in rows]


def amounts(**line: Any) -> list[str]:
    return [format(amount, "f") for *_, amount in schedule(**line)]


def test_a_year_by_the_month_on_the_start_day() -> None:
    found = schedule(start_date=date(2026, 1, 15), end_date=date(2027, 1, 14))

    assert [amount for *_, amount in found] == [Decimal(1000)] * 12
    assert found[0][:3] == ("2026-01-15", "2026-02-14", "2026-01-15")
    assert found[-1][:3] == ("2026-12-15", "2027-01-14", "2026-12-15")


def test_calendar_months_with_two_partial_ends_that_make_one_whole() -> None:
    found = schedule(
        quantity=1, unit_price=1000, billing_anchor="calendar", start_date=date(2026, 1, 15), end_date=date(2027, 1, 14)
    )

    assert found[0] == ("2026-01-15", "2026-01-31", "2026-01-15", Decimal("548.39"))
    assert found[-1] == ("2027-01-01", "2027-01-14", "2027-01-01", Decimal("451.61"))
    assert [amount for *_, amount in found[1:-1]] == [Decimal(1000)] * 11


@pytest.mark.parametrize(
    ("currency", "price", "usual", "last"),
    [("JPY", 100000, "8333", "8337"), ("KWD", 1000, "83.333", "83.337"), ("USD", 100, "8.33", "8.37")],
)
def test_a_yearly_price_by_the_month_leaves_the_remainder_to_the_last(currency: str, price: int, usual: str, last: str) -> None:
    found = amounts(
        quantity=1,
        unit_price=price,
        price_period="year",
        currency=currency,
        start_date=date(2026, 4, 1),
        end_date=date(2027, 3, 31),
    )

    assert found == [usual] * 11 + [last]


def test_a_start_on_the_31st_clips_in_short_months_and_comes_back() -> None:
    found = schedule(quantity=3, unit_price="33.33", start_date=date(2026, 1, 31), end_date=date(2027, 1, 30))

    assert [start for start, *_ in found[:4]] == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    assert {amount for *_, amount in found} == {Decimal("99.99")}


def test_a_partial_last_quarter_in_arrears_over_a_leap_day() -> None:
    found = schedule(
        quantity=7, unit_price="19.99", billing_frequency="quarterly", billing_timing="arrears",
        start_date=date(2027, 11, 10), end_date=date(2028, 3, 5),
    )  # fmt: skip

    assert found == [
        ("2027-11-10", "2028-02-09", "2028-02-10", Decimal("419.79")),
        ("2028-02-10", "2028-03-05", "2028-03-06", Decimal("116.61")),
    ]


def test_thirty_days_a_month() -> None:
    found = amounts(
        proration="thirty_360",
        quantity=1,
        unit_price=900,
        billing_anchor="calendar",
        start_date=date(2026, 2, 11),
        end_date=date(2026, 5, 20),
    )

    assert found == ["600", "900", "900", "600"]


def test_three_years_in_advance() -> None:
    found = schedule(
        quantity=250, unit_price="84.50", price_period="year", billing_frequency="annual",
        start_date=date(2025, 10, 17), end_date=date(2028, 10, 16),
    )  # fmt: skip

    assert found == [(f"{year}-10-17", f"{year + 1}-10-16", f"{year}-10-17", Decimal(21125)) for year in (2025, 2026, 2027)]


def test_forty_one_days() -> None:
    assert amounts(quantity=5, unit_price=60, start_date=date(2026, 8, 22), end_date=date(2026, 10, 1)) == ["300", "100"]


def test_a_decrease_is_the_mirror_of_an_increase() -> None:
    terms = {"unit_price": "33.35", "billing_anchor": "calendar", "start_date": date(2026, 1, 11), "end_date": date(2026, 4, 10)}

    more, less = amounts(quantity=3, **terms), amounts(quantity=-3, **terms)

    assert [f"-{amount}" for amount in more] == less


def test_a_half_rounds_away_from_zero() -> None:
    half_month = {"start_date": date(2026, 4, 1), "end_date": date(2026, 5, 15), "billing_anchor": "calendar"}

    assert amounts(quantity=1, unit_price="0.015", **half_month)[0] == "0.02"
    assert amounts(quantity=-1, unit_price="0.015", **half_month)[0] == "-0.02"


def test_a_one_time_line_is_due_on_its_day() -> None:
    found = schedule(
        quantity=2, unit_price="12.5", discount_fraction="0.1", charge_type="one_time", billing_frequency="one_time",
        price_period="once", start_date=date(2026, 3, 5), end_date=date(2026, 12, 31),
    )  # fmt: skip

    assert found == [("2026-03-05", "2026-12-31", "2026-03-05", Decimal("22.5"))]


def test_a_large_yen_contract_does_not_overflow() -> None:
    found = amounts(
        quantity=1000, unit_price=1200000, price_period="year", currency="JPY", billing_frequency="annual",
        billing_anchor="calendar", start_date=date(2026, 2, 2), end_date=date(2029, 1, 15),
    )  # fmt: skip

    # 333 of 365 days, two whole years, 15 of 365 days
    assert found == ["1094794521", "1200000000", "1200000000", "49315068"]


def test_an_amendment_keeps_to_its_root_lines_boundaries() -> None:
    world = masters(World())
    world.order(1, start_date=date(2026, 1, 20))
    world.order(2, amends=1, start_date=date(2026, 3, 5), quantity=Decimal(2))
    with world.run("schedule.billing_period") as warehouse:
        rows = warehouse.query(
            "select service_start_date, net_amount from schedule.billing_period where contract_line_key like '%-2' order by all"
        ).rows()

    # 15 of the 28 days from 20 February to 19 March
    assert rows[:2] == [(date(2026, 3, 5), Decimal("107.1400")), (date(2026, 3, 20), Decimal("200.0000"))]
