"""RR04: the price of a contract over its performance obligations, as the CRM has it and as stand-alone prices demand it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from q2c_pipeline_tests.sql.world import World, consistent

PRICES = {"A": 50, "B": 25, "C": 75}
RIGHT = {"A": "33.33", "B": "16.67", "C": "50.00"}


def bundle(stated: dict[str, str | None]) -> World:
    """Order 7 sells three one-time things for 100.00 USD that cost 150.00 one by one."""
    world = consistent()
    world.order(7, charge_type="one_time", price_period="once", billing_frequency="one_time", quantity=Decimal(1),
                unit_price=Decimal(40), product_source_id="01t-A")  # fmt: skip
    for number, (code, price) in enumerate((("A", 40), ("B", 20), ("C", 40)), 1):
        world.add(
            "product", "crm", f"01t-{code}", product_code=code, product_name=code, revenue_class="point_in_time", is_active=True
        )
        if number > 1:
            world.line(f"802-7{number}", 7, line_number=str(number), product_source_id=f"01t-{code}", unit_price=Decimal(price),
                       quantity=Decimal(1), charge_type="one_time", price_period="once", billing_frequency="one_time",
                       start_date=world.get("contract_line", "802-7")["start_date"],
                       end_date=world.get("contract_line", "802-7")["end_date"])  # fmt: skip
    for source_id, code in (("802-7", "A"), ("802-72", "B"), ("802-73", "C")):
        share = stated[code]
        world.change("contract_line", source_id, allocated_price=None if share is None else Decimal(share))
    return world


def found(world: World, prices: dict[str, int]) -> list[tuple[str, Decimal, str]]:
    """What RR04 says under these stand-alone prices."""
    listed = ", ".join(f"('{code}', 'USD', {price})" for code, price in prices.items())
    with world.filled() as warehouse:
        warehouse.connection.execute(f"insert into policy.standalone_price values {listed}")
        world.make(warehouse, "control.rr04_allocation_stale")
        return warehouse.query("select subject_key, difference_amount, reason from control.rr04_allocation_stale").rows()


def test_shares_by_stand_alone_price_are_right() -> None:
    assert found(bundle({**RIGHT}), PRICES) == []


def test_a_stale_allocation_is_worth_what_lines_lack() -> None:
    rows = found(bundle({"A": "40.00", "B": "10.00", "C": "50.00"}), PRICES)

    assert [row[:2] for row in rows] == [("ORD-00007", Decimal("6.6700"))]
    assert rows[0][2].endswith("ORD-00007/1 33.3300 (has 40.0000), ORD-00007/2 16.6700 (has 10.0000); the allocation is stale")


@pytest.mark.parametrize(("missing", "amount"), [("B", "16.67"), ("C", "50")])
def test_a_line_without_a_share(missing: str, amount: str) -> None:
    rows = found(bundle({**RIGHT, missing: None}), PRICES)

    assert [row[:2] for row in rows] == [("ORD-00007", Decimal(amount).quantize(Decimal("0.0001")))]
    assert rows[0][2].endswith("an allocation is missing")


def test_shares_that_are_too_much_in_all() -> None:
    assert [row[1] for row in found(bundle({**RIGHT, "C": "60.00"}), PRICES)] == [Decimal("-10.0000")]


def test_a_product_without_a_listed_price_leaves_the_contract_alone() -> None:
    assert found(bundle({**RIGHT, "C": "60.00"}), {"A": 50, "B": 25}) == []


def test_a_source_that_writes_no_allocation_down_is_not_blamed() -> None:
    assert found(bundle({"A": None, "B": None, "C": None}), PRICES) == []


def amended(*stated: str | None) -> World:
    """Order 8 takes 1 x B out of order 7 and adds 2 x A and 1 x C; order 7 is right."""
    world = bundle({**RIGHT})
    terms = {
        name: world.get("contract_line", "802-7")[name]
        for name in ("start_date", "end_date", "charge_type", "price_period", "billing_frequency")
    }
    changes = (("8", "7", "A", 2, 35), ("82", "72", "B", -1, 20), ("83", "73", "C", 1, 55))
    for number, (source, root, code, quantity, price) in enumerate(changes, 1):
        line = terms | {"quantity": Decimal(quantity), "unit_price": Decimal(price), "product_source_id": f"01t-{code}"}
        line |= {"amends_line_source_id": f"802-{root}"}
        if number == 1:
            world.order(8, amends=7, **line)
        else:
            world.line(f"802-{source}", 8, line_number=str(number), **line)
        share = stated[number - 1]
        world.change("contract_line", f"802-{source}", allocated_price=None if share is None else Decimal(share))
    return world


def test_an_amending_order_shares_what_it_adds_and_what_it_takes_away() -> None:
    # 125.00 for what costs 175.00 one by one: 71.43 and 53.57; what is taken away gives its own price back
    assert found(amended("71.43", "-20.00", "53.57"), PRICES) == []


@pytest.mark.parametrize(
    ("stated", "amount"), [(("70.00", "-20.00", "55.00"), "1.43"), (("71.43", None, "53.57"), "-20"), ((None, None, None), "125")]
)
def test_an_amending_order_with_a_stale_or_no_allocation(stated: tuple[str | None, ...], amount: str) -> None:
    rows = found(amended(*stated), PRICES)

    assert [row[:2] for row in rows] == [("ORD-00008", Decimal(amount).quantize(Decimal("0.0001")))]
