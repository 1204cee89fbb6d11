"""How the quantity of a month becomes money: per unit, tiers, volume, packages, percentage, included quantity, commitments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from q2c_pipeline_tests.sql.world import World, masters, month_end

TIERS = [("0", "10", "1.5", "0"), ("10", "110", "1.0", "0"), ("110", None, "0.5", "0")]
FLAT = [("0", "100", "0", "20"), ("100", None, "0.1", "5")]
Tier = tuple[str, str | None, str, str]


def metered(use: dict[int, str], tiers: list[Tier], **line: Any) -> World:
    """A usage line of 2026 with its price model and what was used in which month."""
    world = masters(World())
    terms = {name: Decimal(value) if isinstance(value, str) and value[0].isdigit() else value for name, value in line.items()}
    usual: dict[str, Any] = {"quantity": Decimal(1), "charge_type": "usage", "price_period": "unit", "billing_timing": "arrears"}
    world.order(1, **(usual | terms))
    world.subscribe(1, meter_source_id="mtr-1")
    for number, (low, high, price, flat) in enumerate(tiers, 1):
        world.add(
            "contract_tier", "crm", f"802-1/{number}", contract_line_source_id="802-1", tier_number=number,
            from_quantity=Decimal(low), up_to_quantity=high and Decimal(high), unit_price=Decimal(price),
            flat_amount=Decimal(flat),
        )  # fmt: skip
    for month, quantity in use.items():
        start = date(2026, month, 1)
        world.add(
            "usage", "billing", f"u-{month}", meter_source_id="mtr-1", account_source_id="cus-1", usage_start_date=start,
            usage_end_date=month_end(start), quantity=Decimal(quantity),
        )  # fmt: skip
    return world


def owed(use: dict[int, str], tiers: list[Tier] | None = None, **line: Any) -> list[tuple[str, str]]:
    """First day of service and amount of every month."""
    with metered(use, tiers or [], **line).run("schedule.usage_period") as warehouse:
        rows = warehouse.query("select service_start_date, net_amount from schedule.usage_period order by all").rows()
    return [(str(start), f"{amount:.2f}") for start, amount in rows]


@pytest.mark.parametrize(
    ("model", "tiers", "quantity", "amount"),
    [
        ("graduated", TIERS, "111", "115.50"),
        (None, TIERS, "111", "115.50"),
        ("volume", TIERS, "111", "55.50"),
        ("volume", TIERS, "110", "110.00"),
        ("volume", TIERS, "0", "0.00"),
        ("volume", FLAT, "101", "15.10"),
        ("graduated", FLAT, "101", "25.10"),
        ("per_unit", [], "3.005", "6.01"),
        (None, [], "1.0025", "2.01"),
    ],
)
def test_units_and_tiers(model: str | None, tiers: list[Tier], quantity: str, amount: str) -> None:
    assert owed({5: quantity}, tiers, usage_model=model, unit_price="2") == [("2026-05-01", amount)]


@pytest.mark.parametrize(
    ("quantity", "amount"), [("0", "0.00"), ("1", "5.00"), ("100", "5.00"), ("100.5", "10.00"), ("2000", "100.00")]
)
def test_a_package_begun_is_a_package(quantity: str, amount: str) -> None:
    assert owed({5: quantity}, usage_model="package", package_size="100", unit_price="5") == [("2026-05-01", amount)]


def test_a_percentage_is_of_the_amount_metered() -> None:
    assert owed({5: "12345.67"}, usage_model="percentage", unit_price="0.029") == [("2026-05-01", "358.02")]


def test_what_is_included_is_free_every_month() -> None:
    use = {4: "900", 5: "1500"}

    assert owed(use, included_quantity="1000", unit_price="0.02") == [("2026-04-01", "0.00"), ("2026-05-01", "10.00")]


def test_the_last_month_makes_up_to_the_commitment() -> None:
    terms: dict[str, Any] = {"unit_price": "1", "start_date": date(2026, 4, 1), "end_date": date(2026, 6, 30)}
    use = {4: "300", 5: "640"}

    assert owed(use, minimum_commitment="1000", **terms)[-1] == ("2026-06-01", "60.00")
    assert owed(use | {6: "50"}, minimum_commitment="1000", **terms)[-1] == ("2026-06-01", "60.00")
    assert owed(use | {6: "500"}, minimum_commitment="1000", **terms)[-1] == ("2026-06-01", "500.00")


def test_usage_is_earned_in_the_month_of_its_use() -> None:
    with metered({4: "300", 5: "640"}, [], unit_price="1").run("schedule.revenue_period") as warehouse:
        rows = warehouse.query("select period, recognition, net_amount from schedule.revenue_period order by all").rows()

    assert rows == [
        (date(2026, 4, 1), "usage_in_period", Decimal(300)), (date(2026, 5, 1), "usage_in_period", Decimal(640)),
    ]  # fmt: skip
