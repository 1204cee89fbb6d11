"""Laws of the reconciliation on random small ledgers, and a second opinion on every cell of its two oldest grids."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.engine.sqlfiles import load_assertions
from q2c_pipeline_tests.properties import matcher_oracle
from q2c_pipeline_tests.properties.ledgers import Ledger, ledgers
from q2c_pipeline_tests.sql.world import INSTANCE, PARAMS, World, all_files, files_for

OUTCOMES = ("recon.exception", "recon.bridge", "recon.cell_cause", "recon.symptom", "recon.timing", "recon.control_result")
GRIDS = ("grid.booked_billed", "grid.billed_posted")
GRACES = ("booking_grace_days", "invoice_grace_days", "posting_grace_days")
NOT_OF_DATA = {"nothing_unexplained", "document_foots"}
"""A random accident may be one that no control names, and a document that was bent does not foot."""

relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck))
few, deep = settings(relaxed, max_examples=2), settings(relaxed, max_examples=120)


def outcome(warehouse: Warehouse) -> dict[str, pl.DataFrame]:
    return {name: warehouse.query(f"select * from {name} order by all") for name in OUTCOMES}


def same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> bool:
    return all(one[name].equals(other[name]) for name in OUTCOMES)


def check_oracle(ledger: Ledger) -> None:
    world = ledger.world()
    with world.run(*GRIDS) as warehouse:
        planned = warehouse.query(
            """select b.subject_key, sum(p.net_amount) as total, count(*) as periods from schedule.billing_period as p
               inner join link.booked_line as b on p.root_line_key = b.contract_line_key group by b.subject_key"""
        )
        booked = warehouse.query(
            """select subject_key, service_start_date, left_amount, right_amount
               from grid.booked_billed where difference_amount <> 0"""
        )
        posted = warehouse.query(
            """select coalesce(i.document_number, split_part(g.unlinked_transaction_key, ':', 2)) as subject, g.account_class,
                   g.legal_entity_code, g.period, g.left_amount, g.right_amount
               from grid.billed_posted as g left join canonical.invoice as i on g.document_key = i.instance || ':' || i.source_id
               where g.difference_amount <> 0"""
        )
    assert {subject: (total, periods) for subject, total, periods in planned.iter_rows()} == matcher_oracle.planned(ledger)
    assert cells(booked) == matcher_oracle.booked_billed(ledger, world)
    assert cells(posted) == matcher_oracle.billed_posted(world)


def cells(frame: pl.DataFrame) -> dict[tuple[Any, ...], tuple[Decimal, Decimal]]:
    return {row[:-2]: row[-2:] for row in frame.iter_rows()}


def check_conservation_and_repeating(ledger: Ledger, order: random.Random) -> None:
    """Every assertion holds, running again changes nothing, and neither does the order of the rows."""
    world = ledger.world()
    with world.run(*(file.name for file in all_files())) as warehouse:
        for assertion in (one for one in load_assertions() if one.table not in NOT_OF_DATA):
            rows = warehouse.select(assertion, {name: PARAMS[name] for name in assertion.params})
            assert rows.rows() == [], assertion.table
        first = outcome(warehouse)
        for file in files_for(*OUTCOMES):
            warehouse.run_file(file, PARAMS)
        assert same(first, outcome(warehouse))
    for table, rows_of in world.rows.items():
        shuffled = list(rows_of.items())
        order.shuffle(shuffled)
        world.rows[table] = dict(shuffled)
    with world.run(*OUTCOMES) as warehouse:
        assert same(first, outcome(warehouse))


def breaks(world: World, **graces: int) -> set[str]:
    """Cells that some cause other than timing explains, or none."""
    world.params |= graces
    with world.run("recon.cell_cause") as warehouse:
        return set(warehouse.query("select cell_id from recon.cell_cause where cause <> 'timing'")["cell_id"])


def check_grace(ledger: Ledger, grace: str, days: int, more: int) -> None:
    """Whatever is a break under more grace is one under less."""
    world = ledger.world()
    patient, strict = breaks(world, **{grace: days + more}), breaks(world, **{grace: days})
    assert patient <= strict
    # more grace for a part of the company lies between
    place = GRACES.index(grace)
    world.graces = [(name, "US", *(days + more if n == place else None for n in range(3))) for name in (None, *INSTANCE.values())]
    assert patient <= breaks(world) <= strict


def check_instance_names(ledger: Ledger) -> None:
    """Systems under other names give the same exceptions, word for word but for the names."""
    world = ledger.world()
    with world.run(*OUTCOMES) as warehouse:
        expected = exceptions(warehouse)
    other = {name: f"{role}_of_another_company" for role, name in INSTANCE.items()}
    for rows in world.rows.values():
        for row in rows.values():
            row["instance"] = other[row["instance"]]
    with pytest.MonkeyPatch.context() as patch:
        for role, name in list(INSTANCE.items()):
            patch.setitem(INSTANCE, role, other[name])
        with world.run(*OUTCOMES) as warehouse:
            assert exceptions(warehouse) == expected


def exceptions(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.query(
        "select exception_id, control_id, subject_key, difference_amount, amount_at_risk from recon.exception order by all"
    ).rows()


@few
@given(ledgers())
def test_a_slow_matcher_finds_the_same_cells(ledger: Ledger) -> None:
    check_oracle(ledger)


@pytest.mark.long
@deep
@given(ledgers())
def test_a_slow_matcher_finds_the_same_cells_in_many_ledgers(ledger: Ledger) -> None:
    check_oracle(ledger)


@few
@given(ledgers(), st.integers(0, 2**32))
def test_nothing_is_lost_and_neither_order_nor_repetition_matters(ledger: Ledger, seed: int) -> None:
    check_conservation_and_repeating(ledger, random.Random(seed))


@pytest.mark.long
@deep
@given(ledgers(), st.integers(0, 2**32))
def test_nothing_is_lost_and_nothing_matters_in_many_ledgers(ledger: Ledger, seed: int) -> None:
    check_conservation_and_repeating(ledger, random.Random(seed))


@few
@given(ledgers(), st.sampled_from(GRACES), st.integers(0, 5), st.integers(1, 60))
def test_more_grace_never_makes_a_break(ledger: Ledger, grace: str, days: int, more: int) -> None:
    check_grace(ledger, grace, days, more)


@pytest.mark.long
@deep
@given(ledgers(), st.sampled_from(GRACES), st.integers(0, 5), st.integers(1, 60))
def test_more_grace_never_makes_a_break_in_many_ledgers(ledger: Ledger, grace: str, days: int, more: int) -> None:
    check_grace(ledger, grace, days, more)


@few
@given(ledgers())
def test_names_of_systems_are_in_no_exception(ledger: Ledger) -> None:
    check_instance_names(ledger)


@pytest.mark.long
@deep
@given(ledgers())
def test_names_of_systems_are_in_no_exception_of_many_ledgers(ledger: Ledger) -> None:
    check_instance_names(ledger)
