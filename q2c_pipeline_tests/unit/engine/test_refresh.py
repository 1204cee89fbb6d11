"""What makes a night be computed whole; scenarios/test_partial_night tries on whole companies that a part equals the whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from q2c_pipeline.engine.parts import GROWING, SPLIT, SUMS, TURNS
from q2c_pipeline.engine.refresh import Refresh
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.engine.sqlfiles import SqlFile, load
from q2c_pipeline.engine.touched import FACTS, references
from q2c_pipeline.schemas.tables import TABLES

DAY = date(2026, 6, 23)


def a_file(sql: str = "select 1 as one") -> SqlFile:
    return SqlFile("mart/one.sql", "mart", "one", 70, {"params": ""}, sql)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse() as opened:
        refresh = Refresh(opened, [a_file()], {"as_of": DAY, "grace_days": 2})
        assert refresh.doubt == "no complete night before"
        assert refresh.run(a_file()).rows == 1
        yield opened


def doubt(warehouse: Warehouse, file: SqlFile, as_of: date = DAY, *, grace_days: int = 2, full: bool = False) -> str | None:
    return Refresh(warehouse, [file], {"as_of": as_of, "grace_days": grace_days}, full=full).doubt


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (date(2026, 6, 22), "an earlier day than the last night's"),
        (date(2026, 7, 1), "a new month"),
        (date(2026, 6, 30), "a new month"),
    ],
)
def test_a_day_that_a_part_cannot_reach(warehouse: Warehouse, as_of: date, expected: str) -> None:
    assert doubt(warehouse, a_file(), as_of) == expected


def test_changed_sql_parameters_or_policy_make_all_anew(warehouse: Warehouse) -> None:
    assert doubt(warehouse, a_file("select 2 as one")) == "SQL, policy or DuckDB changed"


def test_another_grace_makes_all_anew(warehouse: Warehouse) -> None:
    assert doubt(warehouse, a_file(), grace_days=3) == "SQL, policy or DuckDB changed"


def test_another_policy_table_makes_all_anew(warehouse: Warehouse) -> None:
    warehouse.connection.execute("insert into policy.instance values ('sf_main', 'salesforce', 'crm')")
    assert doubt(warehouse, a_file()) == "SQL, policy or DuckDB changed"


def test_a_night_that_broke_off_is_not_built_upon(warehouse: Warehouse) -> None:
    Refresh(warehouse, [a_file()], {"as_of": DAY, "grace_days": 2}, full=True)
    assert doubt(warehouse, a_file()) == "no complete night before"


def test_all_anew_on_demand(warehouse: Warehouse) -> None:
    assert doubt(warehouse, a_file(), full=True) == "asked for"


def test_a_ledger_of_summaries_is_made_whole(warehouse: Warehouse) -> None:
    warehouse.connection.execute("insert into policy.summary_convention values ('netsuite_main', 'entity_day', 'SUM-')")
    Refresh(warehouse, [a_file()], {"as_of": DAY, "grace_days": 2}).run(a_file())
    assert doubt(warehouse, a_file()) == "a ledger posts summary journals: all documents of a day belong together"


def test_split_tables_and_their_references_exist() -> None:
    assert {file.name for file in load()} >= SPLIT | SUMS.keys()
    for table in FACTS:
        assert {one.column for one in references(table)} <= set(TABLES[table].fields)


def test_what_a_day_turns_is_said_of_split_tables() -> None:
    assert all(any(name in turn for name in SPLIT) for turn in TURNS)


def test_every_split_table_that_looks_at_the_day_is_known_to_do_so() -> None:
    """Whoever adds one adds to TURNS which records a day touches by it, unless those are among them."""
    looks = {file.name for file in load() if "as_of" in file.params or "canonical.reading_cutoff" in file.upstreams}
    assert {name for name in looks & SPLIT if not name.startswith("canonical.")} == {
        "link.booked_line",
        "link.credit_hold",
        "link.invoice_line",
        "link.summary_demand",
        "schedule.release_period",
        "grid.billed_posted",
        "grid.booked_billed",
        "grid.booked_billed_amendment",
        "grid.document_demand",
        "grid.posted_recognised",
        "grid.subledger_ledger",
        "grid.unapplied",
        "control.dq05_locked_figures_moved",
        "control.md04_changed_by_other",
        "control.sl02_payment_not_posted",
        "recon.contract_balance",
    }


def test_a_shared_table_that_may_grow_is_read_by_tables_of_the_part() -> None:
    read = {name for file in load() if file.name in SPLIT for name in file.upstreams}
    assert read >= GROWING
    assert SUMS.keys() >= GROWING
