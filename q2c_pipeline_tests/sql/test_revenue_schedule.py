"""What contract lines earn: allocation, modifications, credits and classes of amendment, with the figures of known examples."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline_tests.sql.world import World, consistent, masters

VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors" / "schedules.json"


def made(world: World, table: str, bundles: tuple[tuple[str, str, str], ...] = (), **policy: str) -> Warehouse:
    """A warehouse in which `table` was made under the conventions `policy`; bundles are two products and a price."""
    warehouse = world.filled()
    for *products, price in bundles:
        for product in products:
            warehouse.connection.execute("insert into policy.bundle values (?, ?, 'USD', ?)", ["".join(products), product, price])
    warehouse.append("policy.convention", pl.DataFrame([{"instance": "sf_main", **policy}]))
    for product, price in (("A", "50"), ("B", "25"), ("C", "75")):
        row = {"product_code": product, "currency": "USD", "unit_price": Decimal(price)}
        warehouse.append("policy.standalone_price", pl.DataFrame([row], schema_overrides={"unit_price": pl.Decimal(20, 4)}))
    world.make(warehouse, table)
    return warehouse


def earned(world: World, **policy: str) -> dict[tuple[str, int], Decimal]:
    """What each contract line earns in each year."""
    years: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    with made(world, "schedule.revenue_period", (), **policy) as warehouse:
        for key, month, amount in warehouse.query(
            "select contract_line_key, period, net_amount from schedule.revenue_period"
        ).rows():
            years[key.split(":802-")[1], month.year] += amount
    return dict(years)


def bundle() -> World:
    """One order of three products at 40, 20 and 40, sold apart for 50, 25 and 75."""
    world = masters(World())
    once: dict[str, Any] = {
        "charge_type": "one_time",
        "billing_frequency": "one_time",
        "price_period": "once",
        "quantity": Decimal(1),
    }
    for number, (code, price) in enumerate((("A", 40), ("B", 20), ("C", 40)), 1):
        world.add("product", "crm", f"01t-{code}", product_code=code, product_name=code, revenue_class="ratable", is_active=True)
        terms = once | {"product_source_id": f"01t-{code}", "unit_price": Decimal(price)}
        if number == 1:
            world.order(1, **terms)
        else:
            world.line(
                f"802-1{number}", 1, line_number=str(number), start_date=date(2026, 1, 1), end_date=date(2026, 12, 31), **terms
            )
    return world


def test_a_transaction_price_is_allocated_by_stand_alone_prices() -> None:
    with made(bundle(), "schedule.allocation") as warehouse:
        rows = warehouse.query("select allocated_amount from schedule.allocation order by contract_line_key").rows()

    assert [amount for (amount,) in rows] == [Decimal("33.33"), Decimal("16.67"), Decimal("50.00")]


def test_what_is_allocated_is_what_is_earned() -> None:
    assert earned(bundle()) == {("1", 2026): Decimal("33.33"), ("12", 2026): Decimal("16.67"), ("13", 2026): Decimal("50.00")}


def test_a_contract_with_an_unlisted_product_keeps_its_prices() -> None:
    world = bundle()
    world.change("product", "01t-B", product_code="unlisted")

    assert set(earned(world).values()) == {Decimal(40), Decimal(20)}


def allocated(world: World, *bundles: tuple[str, str, str]) -> list[Decimal]:
    with made(world, "schedule.allocation", bundles) as warehouse:
        rows = warehouse.query("select allocated_amount from schedule.allocation order by contract_line_key").rows()
    return [amount for (amount,) in rows]


def test_a_discount_may_belong_to_a_bundle_of_the_order() -> None:
    # 50, 25 and 75 for 100.00: the 50.00 off are what B and C are below 100.00 when sold together
    assert allocated(bundle(), ("B", "C", "50")) == [Decimal("50.00"), Decimal("12.50"), Decimal("37.50")]


@pytest.mark.parametrize("bundles", [(("B", "C", "49.98"),), (("B", "C", "50"), ("A", "C", "75")), (("B", "X", "20"),)])
def test_a_discount_that_is_not_one_bundles_alone_is_shared_by_all(bundles: tuple[tuple[str, str, str], ...]) -> None:
    assert allocated(bundle(), *bundles) == [Decimal("33.33"), Decimal("16.67"), Decimal("50.00")]


def test_a_bundle_is_sold_in_one_quantity() -> None:
    world = bundle()
    world.change("contract_line", "802-12", quantity=Decimal(2), unit_price=Decimal(10))

    assert allocated(world, ("B", "C", "50"))[0] == Decimal("28.57")


def extended() -> World:
    """Three years at 100,000; at the end of year two the third is re-priced to 80,000 and three years are added for 200,000."""
    world = masters(World())
    year: dict[str, Any] = {"quantity": Decimal(1), "price_period": "year", "billing_frequency": "annual"}
    start, change = date(2025, 1, 1), datetime(2026, 12, 20, tzinfo=UTC)
    world.order(1, start_date=start, end_date=date(2027, 12, 31), unit_price=Decimal(100_000),
                activated_at=datetime(2024, 12, 20, tzinfo=UTC), **year)  # fmt: skip
    world.order(2, amends=1, start_date=date(2027, 1, 1), end_date=date(2027, 12, 31), unit_price=Decimal(20_000),
                activated_at=change, **(year | {"quantity": Decimal(-1)}))  # fmt: skip
    once = year | {"price_period": "once", "billing_frequency": "one_time", "charge_type": "one_time"}
    world.order(3, amends=1, start_date=date(2027, 1, 1), end_date=date(2030, 12, 31), unit_price=Decimal(200_000),
                activated_at=change, **once)  # fmt: skip
    world.params["as_of"] = date(2027, 1, 31)
    return world


def test_prospectively_what_remains_is_spread_over_what_remains() -> None:
    found = earned(extended(), recognition="even_by_month", modification="prospective")

    assert found == {("1", year): Decimal(100_000) for year in (2025, 2026)} | {
        ("1", year): Decimal(70_000) for year in (2027, 2028, 2029, 2030)
    }


def test_by_catch_up_the_new_total_was_always_so() -> None:
    found = earned(extended(), recognition="even_by_month", modification="cumulative_catch_up")

    # 480,000 over six years are 80,000 a year: at the change 160,000 are earned where 200,000 were
    assert found[("1", 2025)] == found[("1", 2026)] == Decimal(100_000)
    assert found[("1", 2027)] == Decimal(80_000 - 40_000)
    assert found[("1", 2028)] == found[("1", 2030)] == Decimal(80_000)


def test_without_a_policy_each_line_earns_by_itself() -> None:
    found = earned(extended(), recognition="even_by_month")

    assert found[("1", 2027)] == Decimal(100_000)
    assert found[("2", 2027)] == Decimal(-20_000)


@pytest.mark.parametrize("policy", ["prospective", "cumulative_catch_up"])
def test_modified_or_not_all_that_is_billed_is_earned(policy: str) -> None:
    world = consistent()
    for number, month in ((2, 4), (3, 4), (4, 9)):
        world.order(
            number, amends=1, start_date=date(2026, month, 11), quantity=Decimal(number - 3) / 3, unit_price=Decimal("33.33")
        )
    with made(world, "schedule.revenue_period", modification=policy) as warehouse:
        (billed,), (earned_in_all,) = warehouse.query(
            "select sum(net_amount) from schedule.billing_period union all select sum(net_amount) from schedule.revenue_period"
        ).rows()

    assert billed == earned_in_all


@pytest.mark.parametrize("case", ["prospective_extension", "prospective_blend", "ssp_three_products"])
def test_the_shared_standards(case: str) -> None:
    if not VECTORS.exists():
        pytest.skip("the shared vectors are not here")
    given = next(one for one in json.loads(VECTORS.read_text(encoding="utf-8"))["standards"] if one["id"] == case)
    if given["kind"] == "allocation":
        with made(bundle(), "schedule.allocation") as warehouse:
            rows = warehouse.query("select allocated_amount from schedule.allocation order by contract_line_key").rows()
        assert [f"{amount:.2f}" for (amount,) in rows] == list(given["expected"].values())
        return
    assert f"{_blended(given):.2f}" == given["expected_per_period"]


def _blended(given: dict[str, Any]) -> Decimal:
    """What the first period after a modification earns: each period is a month, and one month was served before."""
    world = masters(World())
    months = int(given["remaining_periods"])
    once: dict[str, Any] = {"charge_type": "one_time", "billing_frequency": "one_time", "price_period": "once"}
    last = date(2026 + (months + 1) // 12, (months + 1) % 12 + 1, 1)
    remaining = Decimal(given["remaining_consideration"])
    # one month of as many is served when the change comes, and leaves just the remaining consideration
    world.order(1, start_date=date(2026, 1, 1), end_date=date(2026, 2, 28), quantity=Decimal(1),
                unit_price=2 * remaining, **once)  # fmt: skip
    world.order(2, amends=1, start_date=date(2026, 2, 1), end_date=date.fromordinal(last.toordinal() - 1), quantity=Decimal(1),
                unit_price=Decimal(given["added_consideration"]), **once)  # fmt: skip
    with made(world, "schedule.revenue_period", recognition="even_by_month", modification=given["method"]) as warehouse:
        ((amount,),) = warehouse.query("select net_amount from schedule.revenue_period where period = date '2026-02-01'").rows()
    found: Decimal = amount
    return found


def test_a_line_activated_late_catches_up_and_one_activated_after_its_end_is_earned_at_once() -> None:
    world = masters(World())
    world.order(1, start_date=date(2026, 1, 1), end_date=date(2026, 6, 30), activated_at=datetime(2026, 6, 1, tzinfo=UTC))
    world.order(2, start_date=date(2026, 1, 1), end_date=date(2026, 3, 31), activated_at=datetime(2026, 9, 9, tzinfo=UTC))
    with made(world, "schedule.revenue_period") as warehouse:
        rows = warehouse.query("select contract_line_key, period, net_amount from schedule.revenue_period order by all").rows()

    assert [(key[-1], month, amount) for key, month, amount in rows] == [
        ("1", date(2026, 6, 1), Decimal(6000)),
        ("2", date(2026, 9, 1), Decimal(3000)),
    ]


def test_a_credit_is_split_between_what_was_recognised_and_what_was_deferred() -> None:
    world = consistent()
    world.bill("credit", date(2026, 6, 1), date(2026, 6, 30), -30, document_kind="credit_memo", document_status="issued",
               issued_date=date(2026, 6, 11))  # fmt: skip
    world.bill("late", date(2026, 5, 1), date(2026, 5, 31), -31, document_kind="credit_memo", document_status="issued",
               issued_date=date(2026, 6, 11))  # fmt: skip
    with world.run("schedule.credit_split") as warehouse:
        rows = warehouse.query("select recognised_amount, deferred_amount from schedule.credit_split order by all").rows()

    assert rows == [(Decimal(-31), Decimal(0)), (Decimal(-10), Decimal(-20))]


@pytest.mark.parametrize(
    ("kind", "price", "expected"),
    [
        ("price_change", 10, "both"), ("pause", -10, "both"), ("bill_to_change", 0, "billing"), ("reallocation", 0, "revenue"),
        ("reallocation", 5, "both"), (None, 0, "billing"),
    ],
)  # fmt: skip
def test_an_amendment_is_billing_or_revenue_or_both(kind: str | None, price: int, expected: str) -> None:
    world = consistent()
    world.order(2, amends=1, amendment_kind=kind, start_date=date(2026, 5, 1), unit_price=Decimal(price))
    with world.run("schedule.amendment_class") as warehouse:
        assert warehouse.query("select amendment_class from schedule.amendment_class").rows() == [(expected,)]
