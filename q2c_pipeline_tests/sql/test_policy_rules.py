"""Tolerances and materiality in SQL: the most specific rule decides, shares are exact, and nothing is hidden."""

from __future__ import annotations

from decimal import Decimal

import pytest

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline_tests.sql.world import PARAMS, World, consistent, files_for, found_in

CONTROL, ENTITY, CURRENCY, AMOUNT, PERCENT = range(5)
Rule = tuple[str | None, str | None, str | None, str | None, str | None]


def off_by(cents: str) -> World:
    """May is billed that much below its 1,000.00 USD."""
    world = consistent()
    world.reprice("5", Decimal(1000) - Decimal(cents))
    return world.post_all()


def under(world: World, tolerances: list[Rule], materiality: list[tuple[str | None, str | None, str | None]] = []) -> Warehouse:  # noqa: B006
    """The world's tables made under these rules."""
    warehouse = world.filled()
    for rule in tolerances:
        warehouse.connection.execute("insert into policy.tolerance values (?, ?, ?, ?, ?)", rule)
    for limits in materiality:
        warehouse.connection.execute("insert into policy.materiality values (?, ?, ?)", limits)
    world.make(warehouse, "recon.exception", "recon.tolerated", "recon.bridge", "recon.timing", "mart.materiality_summary")
    return warehouse


TIGHT, WIDE = "0.01", "10"
GENERAL: Rule = (None, None, None, None, "100")


@pytest.mark.parametrize(
    ("rules", "tolerated"),
    [
        ([], None),
        ([GENERAL], "every control"),
        ([GENERAL, (None, None, "USD", TIGHT, None)], None),
        ([GENERAL, (None, None, "EUR", TIGHT, None)], "every control"),
        ([(None, None, "USD", TIGHT, None), (None, "US", None, None, "100")], "every control US"),
        ([(None, "US", "USD", WIDE, None), ("BB04", None, None, None, "0.0001")], None),
        ([("BB04", None, "USD", TIGHT, None), ("BB04", "US", None, None, "100")], "BB04 US"),
        ([("BB04", "US", None, None, "0.0001"), ("BB04", "US", "USD", WIDE, None)], "BB04 US USD"),
        ([("BB05", None, "USD", WIDE, None), (None, "DE", None, None, "100")], None),
    ],
)
def test_control_goes_before_entity_before_currency(rules: list[Rule], tolerated: str | None) -> None:
    with under(off_by("5"), rules) as warehouse:
        said = warehouse.query("select tolerance_scope from recon.tolerated")["tolerance_scope"].to_list()
        assert said == ([tolerated] if tolerated else [])
        assert len(found_in(warehouse)) == (0 if tolerated else 1)
        assert warehouse.query("select sum(cause_amount) from recon.bridge where cause = 'BB04'").item() == Decimal(5)


@pytest.mark.parametrize(
    ("amount", "percent", "tolerated"),
    [
        ("5", None, True),
        ("4.9999", None, False),
        (None, "0.5", True),
        (None, "0.4999", False),
        ("5", "0.5", True),
        ("5", "0.4999", False),
        ("4.9999", "0.5", False),
        ("0", None, False),
    ],
)
def test_a_break_stays_within_every_limit_to_the_last_digit(amount: str | None, percent: str | None, tolerated: bool) -> None:  # noqa: FBT001
    """5.00 of 1,000.00 is 0.5 percent."""
    with under(off_by("5"), [("BB04", None, "USD", amount, percent)]) as warehouse:
        assert (found_in(warehouse) == []) is tolerated


def test_a_share_of_nothing_tolerates_nothing() -> None:
    world = consistent()
    world.remove("contract_line", "802-1")
    with under(world.post_all(), [(None, None, None, None, "100")]) as warehouse:
        assert {control for control, *_ in found_in(warehouse)} >= {"BB02"}


def material(warehouse: Warehouse) -> dict[str, bool]:
    rows = warehouse.query(
        "select control_id, is_material from recon.exception inner join recon.materiality using (exception_id)"
    )
    return dict(rows.iter_rows())


@pytest.mark.parametrize(
    ("rules", "is_material"),
    [
        ([], True),
        ([(None, "5.01", None)], False),
        ([(None, "5.00", None)], True),
        ([(None, None, "0.51")], False),
        ([(None, None, "0.5")], True),
        ([(None, "5.01", "0.5")], True),
        ([(None, "5.00", None), ("US", "5.01", None)], False),
        ([(None, "5.01", None), ("US", "5.00", None)], True),
        ([("DE", "500", None)], True),
    ],
)
def test_immaterial_is_what_stays_below_every_limit_of_its_entity(
    rules: list[tuple[str | None, str | None, str | None]], *, is_material: bool
) -> None:
    with under(off_by("5"), [], rules) as warehouse:
        assert material(warehouse) == {"BB04": is_material}
        assert len(found_in(warehouse)) == 1
        summary = warehouse.query("select exceptions, material_exceptions, material_amount from mart.materiality_summary").row(0)
    assert summary == (1, int(is_material), Decimal(5) if is_material else Decimal(0))


def test_what_bears_no_money_is_material_by_its_severity() -> None:
    world = consistent().post_all()
    world.change("account", "cus-1", claimed_crm_account_id=None)
    with under(world, []) as warehouse:
        assert material(warehouse) == {"MD07": True}
    with under(world, [], [(None, "1", None)]) as warehouse:
        assert material(warehouse) == {"MD07": False}
        warehouse.connection.execute("update recon.exception set severity = 'high'")
        warehouse.run_file(files_for("recon.materiality")[-1], PARAMS)
        assert material(warehouse) == {"MD07": True}


def test_what_has_no_worth_in_group_currency_is_material() -> None:
    world = off_by("5")
    with under(world, [], [(None, "500", None)]) as warehouse:
        warehouse.connection.execute("update recon.exception set amount_at_risk = null")
        warehouse.run_file(files_for("recon.materiality")[-1], PARAMS)
        assert material(warehouse) == {"BB04": True}
