"""Laws that hold whatever the data: every cent has one cause, order does not matter, running again changes nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.engine.sqlfiles import load_assertions
from q2c_pipeline_tests.sql.world import PARAMS, World, all_files, consistent, found_in

OUTCOMES = ("recon.exception", "recon.bridge", "recon.cell_cause", "recon.symptom", "recon.control_result", "mart.trace_edge")


def broken(seed: int) -> World:
    """A company in which anything may have happened to anything, planted or not."""
    dice = random.Random(seed)
    world = consistent().post_all()
    bends: list[Callable[[], object]] = [
        lambda: world.reprice(
            str(dice.randint(1, 10)), dice.choice([-5, 0, 7, 950, 1200]), quantity=Decimal(dice.choice([10, 8]))
        ),
        lambda: world.bill(f"x{dice.random()}", date(2026, dice.randint(1, 12), dice.randint(1, 28)), date(2026, 12, 31)),
        lambda: world.change("invoice", f"in-{dice.randint(1, 10)}", document_status=dice.choice(["void", "draft", "paid"])),
        lambda: world.post(f"in-{dice.randint(1, 10)}", transaction=f"t{dice.random()}"),
        lambda: world.change("posting", f"tr-in-{dice.randint(1, 10)}-{dice.randint(1, 3)}-1", subsidiary_source_id="2"),
        lambda: world.change("posting", f"tr-in-{dice.randint(1, 10)}-{dice.randint(1, 3)}-1", transaction_amount=Decimal(5)),
        lambda: world.change("posting", f"tr-in-{dice.randint(1, 10)}-1-1", accounting_period_source_id="2026-02"),
        lambda: world.change("contract_line", "802-1", end_date=date(2026, dice.randint(5, 12), 15)),
        lambda: world.change("subscription_line", "si-1", claimed_contract_line_id=dice.choice([None, "802-9"])),
        lambda: world.order(dice.randint(2, 9), amends=1, start_date=date(2026, 6, dice.randint(1, 30)), quantity=Decimal(-3)),
    ]
    for bend in dice.sample(bends, dice.randint(1, 6)):
        bend()
    return world


def outcome(warehouse: Warehouse) -> dict[str, pl.DataFrame]:
    return {name: warehouse.query(f"select * from {name} order by all") for name in OUTCOMES}


@pytest.mark.parametrize("seed", range(12))
def test_every_cent_has_one_cause_and_nothing_is_lost(seed: int) -> None:
    with broken(seed).run(*(file.name for file in all_files())) as warehouse:
        for assertion in load_assertions():
            rows = warehouse.select(assertion, {name: PARAMS[name] for name in assertion.params})
            if assertion.table not in {"nothing_unexplained", "document_foots"}:
                assert rows.rows() == [], assertion.table


@pytest.mark.parametrize("seed", [3, 4])
def test_shuffled_rows_give_the_same_tables(seed: int) -> None:
    world = broken(seed)
    with world.run(*OUTCOMES) as warehouse:
        expected = outcome(warehouse)
    for table, rows in world.rows.items():
        shuffled = list(rows.items())
        random.Random(seed + 1).shuffle(shuffled)
        world.rows[table] = dict(shuffled)
    with world.run(*OUTCOMES) as warehouse:
        found = outcome(warehouse)

    assert all(found[name].equals(expected[name]) for name in OUTCOMES)


def test_running_again_changes_nothing() -> None:
    world = broken(5)
    with world.run(*OUTCOMES) as warehouse:
        first = outcome(warehouse)
        warehouse.run_all(all_files(), PARAMS)
        second = outcome(warehouse)

    assert all(first[name].equals(second[name]) for name in OUTCOMES)


def test_an_exception_keeps_its_id_when_its_amount_changes() -> None:
    def id_after(net: int) -> tuple[str, Decimal]:
        world = consistent()
        world.reprice("5", net)
        with world.post_all().run() as warehouse:
            row = warehouse.query("select exception_id, difference_amount from recon.exception").rows()
        return row[0]

    (first, low), (second, lower) = id_after(950), id_after(900)

    assert (first, low, lower) == (second, Decimal(50), Decimal(100))


def test_a_break_within_its_tolerance_stays_in_the_bridge_only() -> None:
    world = consistent()
    world.reprice("5", Decimal("999.98"))
    world.post_all()
    with world.run() as warehouse:
        assert found_in(warehouse) == [("BB04", "ORD-00001/1", Decimal("0.0200"), "USD")]
        warehouse.connection.execute("insert into policy.tolerance values ('BB04', null, 'USD', 0.02, null)")
        warehouse.run_all(all_files(), PARAMS)
        assert found_in(warehouse) == []
        assert warehouse.query("select cause_amount from recon.bridge where cause = 'BB04'").rows() == [(Decimal("0.0200"),)]
        assert warehouse.count("recon.tolerated") == 1


def test_amount_at_risk_is_in_group_currency_and_sets_the_severity() -> None:
    world = consistent()
    world.order(2, currency="EUR", quantity=Decimal(1000), start_date=date(2026, 10, 1))
    with world.post_all().run() as warehouse:
        rows = warehouse.query("select control_id, difference_amount, amount_at_risk, severity from recon.exception").rows()

    assert rows == [("BB01", Decimal("100000.0000"), Decimal("110000.0000"), "critical")]


@pytest.mark.parametrize(
    ("roles", "ran"),
    [
        (("billing", "erp"), {"BB17", "MD02", "ST02", "LA01", "SL03"}),
        (("crm", "erp"), {"MD01"}),
        (("crm", "billing", "erp"), {"SL04"}),
    ],
)
def test_a_control_runs_where_what_its_header_needs_is_configured(roles: tuple[str, ...], ran: set[str]) -> None:
    world = consistent().post_all()
    world.roles = roles
    with world.run() as warehouse:
        found = set(warehouse.query("select control_id from recon.control_result where status <> 'not_run'")["control_id"])
    assert ran <= found
    assert ("SL04" in found, "ST01" in found) == ((True, True) if len(roles) == 3 else (False, False))


@pytest.mark.parametrize(("roles", "legs"), [(("crm", "billing"), {"BB"}), (("billing", "erp"), {"BP", "SL"}), (("crm",), set())])
def test_a_leg_runs_when_both_of_its_sides_are_configured(roles: tuple[str, ...], legs: set[str]) -> None:
    world = consistent().post_all()
    world.roles = roles
    with world.run() as warehouse:
        assert set(warehouse.query("select distinct leg from recon.bridge")["leg"]) == legs
        ran = warehouse.query("select leg from recon.control_result where status <> 'not_run' and control_id <> 'BB17'")["leg"]
    # Billing knows by itself that a product has no tax class (BB17).
    assert {leg for leg in ran if leg in {"BB", "BP", "SL"}} == legs
