"""A month made again by itself holds what a whole run makes of it, and leaves the cells of other months alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from typer.testing import CliRunner

from q2c_pipeline.cli import app
from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.errors import StoreError
from q2c_pipeline.orchestration import night
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.sandbox.company.faults import available_faults
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.scenarios.nights import AS_OF, Company

MAY, APRIL = date(2026, 5, 1), date(2026, 4, 1)
SPOILT = "grid.billed_posted where period = date '{}' and difference_amount = 0"
A_TAX_LINE = """
    select m.instance, m.source_id from mapped.posting as m
    inner join canonical.ledger_account as a on m.instance = a.instance and m.ledger_account_source_id = a.source_id
    where a.account_class = 'tax' and m.transaction_kind = 'invoice' and date_trunc('month', m.posting_date) = date '2026-05-01'
    order by all limit 1"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A company with all faults, read once."""
    acme = Company(build(21, accounts=40, months=5, as_of=AS_OF, faults=tuple(available_faults())))
    with acme.served() as urls:
        settings, result = acme.settings(tmp_path_factory.mktemp("month"), urls), night.NightResult(AS_OF)
        night.extract_all(settings, AS_OF, lambda *_: None, result)
    with night.open_warehouse(settings, AS_OF) as warehouse:
        night.load_all(settings, warehouse, AS_OF, lambda *_: None, result)
    return settings.on(AS_OF)


@pytest.fixture(scope="module")
def first(settings: Settings) -> night.NightResult:
    """A month asked for before any night, of systems that do not answer."""
    return night.run_month(settings, AS_OF, MAY, lambda *_: None)


@pytest.fixture(scope="module")
def warehouse(settings: Settings, first: night.NightResult) -> Iterator[Warehouse]:
    """The work file with all tables made; every test leaves it so."""
    assert first.published is not None
    with night.open_warehouse(settings, AS_OF) as opened:
        yield opened


def tables(warehouse: Warehouse) -> dict[str, list[str]]:
    return {file.name: sorted(map(repr, warehouse.query(f"from {file.name}").iter_rows())) for file in load_sql_files()}


def made(settings: Settings, warehouse: Warehouse, *, full: bool = False, month: date | None = None) -> dict[str, list[str]]:
    night.transform(settings, warehouse, AS_OF, lambda _: None, full=full, month=month)
    return tables(warehouse)


def differing(some: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    return [name for name, rows in some.items() if rows != other[name]]


def test_before_any_night_everything_is_made_and_published_without_a_system(first: night.NightResult) -> None:
    assert first.blocked == []
    assert {file.name for file in load_sql_files()} <= {table.name for table in first.tables}
    assert first.published is not None
    assert first.published.exists()
    assert first.cases is not None


def test_cells_of_the_month_are_made_again_and_no_others(settings: Settings, warehouse: Warehouse) -> None:
    whole = tables(warehouse)
    for month in (MAY, APRIL):
        assert warehouse.count(SPOILT.format(month)) > 0
        warehouse.connection.execute(f"delete from {SPOILT.format(month)}")
    part = made(settings, warehouse, month=MAY)
    assert warehouse.count(SPOILT.format(APRIL)) == 0
    assert "grid.billed_posted" in differing(whole, part)
    assert differing(whole, made(settings, warehouse, month=APRIL)) == []


def test_what_was_landed_for_the_month_is_in_it_as_in_a_whole_run(settings: Settings, warehouse: Warehouse) -> None:
    before = tables(warehouse)
    warehouse.connection.execute(f"""
        update mapped.posting set transaction_amount = transaction_amount - 1 from ({A_TAX_LINE}) as l
        where mapped.posting.instance = l.instance and mapped.posting.source_id = l.source_id""")
    warehouse.connection.execute("insert into landing.batch (batch_id, instance) values ('late', 'netsuite_main')")
    part = made(settings, warehouse, month=MAY)
    assert "grid.billed_posted" in differing(before, part)
    is_next_night_whole = warehouse.query("select 1 from duckdb_schemas() where schema_name = 'night'").is_empty()
    assert differing(made(settings, warehouse, full=True), part) == []
    assert is_next_night_whole


def test_only_a_month_and_a_day_that_were_delivered_are_made_again(settings: Settings, first: night.NightResult) -> None:
    assert first.as_of == night.last_day(settings)
    with pytest.raises(StoreError, match="a month that has begun by 2026-06-30, found 2026-07"):
        night.run_month(settings, AS_OF, date(2026, 7, 1), lambda *_: None)
    with pytest.raises(StoreError, match="of which systems were asked, found 2026-07-01"):
        night.run_month(settings, date(2026, 7, 1), MAY, lambda *_: None)


def test_one_month_and_everything_are_not_asked_for_together() -> None:
    result = CliRunner().invoke(app, ["nightly", "--month", "2026-05", "--full"])
    assert result.exit_code == 2  # a wrong call, before anything is read
    assert "--full makes all" in result.output
