"""Small warehouses for the expectation suites: one where all is well, and one where everything that can be wrong is."""

from __future__ import annotations

from datetime import date

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.schemas.adapters import duckdb_ddl
from q2c_pipeline.schemas.tables import TABLES

DAY = date(2026, 6, 30)
_USUAL = [("sf_main", "Account", n, f"2026-06-{24 + n}", 50) for n in range(1, 6)]


def good() -> Warehouse:
    """A plausible delivery: six days of one object, and a few records of every table that a suite looks at."""
    warehouse = empty()
    _batches(warehouse, [*_USUAL, ("sf_main", "Account", 6, "2026-06-30", 45)])
    run = warehouse.connection.execute
    run("insert into policy.instance values ('sf_main', 'salesforce', 'crm'), ('stripe_main', 'stripe', 'billing')")
    _insert(warehouse, "account", "source_id, account_number", "('a1', 'AC-1')")
    _insert(
        warehouse,
        "contract",
        "source_id, contract_number, contract_status, activated_at, claimed_subscription_id",
        "('c1', 'ORD-1', 'activated', timestamptz '2026-06-01', 'sub_1'), ('c2', 'ORD-2', 'draft', null, null)",
    )
    _insert(
        warehouse,
        "invoice",
        "source_id, document_number, document_status, legal_entity_code, net_amount, tax_amount, total_amount",
        "('in_1', 'INV-1', 'open', 'DE', 30, 6, 36), ('in_2', null, 'draft', null, 1, 1, 1)",
    )
    line = (
        "source_id, invoice_source_id, subscription_line_source_id, net_amount, tax_amount, service_start_date, service_end_date"
    )
    _insert(
        warehouse,
        "invoice_line",
        line,
        "('il_1', 'in_1', 'si_1', 10, 2, date '2026-06-01', date '2026-06-30'), "
        "('il_2', 'in_1', 'si_2', 20, 4, date '2026-06-05', date '2026-06-05')",
    )
    _insert(warehouse, "posting", "source_id, transaction_kind, claimed_document_number", "('p1', 'invoice', 'INV-1')")
    _insert(warehouse, "fx_rate", "source_id, exchange_rate", "('r1', 1.1)")
    return warehouse


def bad() -> Warehouse:
    """The same tables with every expectation broken."""
    warehouse = empty()
    _batches(
        warehouse,
        [*_USUAL, ("sf_main", "Account", 6, "2026-06-29", 2)]
        + [(i, o, n, d, r * 40 if n == 6 else r) for i, o, n, d, r in _more()],
    )
    run = warehouse.connection.execute
    run("insert into policy.instance values ('sf_main', 'salesforce', 'crm')")
    _insert(warehouse, "account", "source_id", "('a1')")
    _insert(warehouse, "contract", "source_id, contract_number, contract_status", "('c1', 'ORD-1', 'activated')")
    _insert(
        warehouse,
        "invoice",
        "source_id, document_status, net_amount, tax_amount, total_amount",
        "('in_1', 'open', 30, 6, 37)",
    )
    _insert(
        warehouse,
        "invoice_line",
        "source_id, invoice_source_id, net_amount, tax_amount, service_start_date, service_end_date",
        "('il_1', 'in_1', 29.99, 5.99, date '2026-06-02', date '2026-06-01')",
    )
    _insert(warehouse, "posting", "source_id, transaction_kind", "('p1', 'invoice')")
    _insert(warehouse, "fx_rate", "source_id, exchange_rate", "('r1', 0)")
    return warehouse


def empty() -> Warehouse:
    """A warehouse with the canonical tables in place and nothing in them."""
    warehouse = Warehouse()
    warehouse.connection.execute("create schema canonical")
    for table in TABLES.values():
        warehouse.connection.execute(duckdb_ddl(table, "canonical"))
    return warehouse


def _more() -> list[tuple[str, str, int, str, int]]:
    return [("sf_main", "Order", n, f"2026-06-{24 + n}", 50) for n in range(1, 7)]


def _batches(warehouse: Warehouse, rows: list[tuple[str, str, int, str, int]]) -> None:
    for instance, name, sequence, as_of, count in rows:
        warehouse.connection.execute(
            "insert into landing.batch (batch_id, instance, platform, object_name, sequence, as_of, row_count, loaded_rows, "
            "rejected_rows) values ($1, $2, 'salesforce', $3, $4, $5::date, $6, $6, 0)",
            [f"{name}-{sequence}", instance, name, sequence, as_of, count],
        )


def _insert(warehouse: Warehouse, table: str, columns: str, values: str) -> None:
    warehouse.connection.execute(f"insert into canonical.{table} ({columns}) values {values}")
    warehouse.connection.execute(f"update canonical.{table} set instance = 'sf_main'")
