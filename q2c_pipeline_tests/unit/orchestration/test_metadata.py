"""Metadata: nothing personal in a preview, amounts readable, totals per currency."""

from __future__ import annotations

from decimal import Decimal

import dagster as dg
import polars as pl

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.orchestration.metadata import lineage_metadata, markdown, masked, owner, table_metadata


def test_personal_data_and_raw_vendor_text_are_hidden() -> None:
    frame = pl.DataFrame(
        {
            "account_name": ["Jane Doe Ltd", None],
            "crm_account_name": ["Jane Doe Ltd", "x"],
            "tax_id": ["DE123", None],
            "record": ['{"email": "jane@example.com"}', None],
            "value": ["jane@example.com", None],
            "account_number": ["AC-1", "AC-2"],
        }
    )
    shown = masked(frame)
    assert shown["account_number"].to_list() == ["AC-1", "AC-2"]
    assert shown["account_name"].to_list() == ["•••", None]
    assert "Jane" not in str(shown.to_dicts())
    assert "jane" not in str(shown.to_dicts())
    assert "DE123" not in str(shown.to_dicts())


def test_a_frame_as_markdown() -> None:
    frame = pl.DataFrame({"what": ["a|b", None], "net_amount": [Decimal("1234.5000"), Decimal("0.0012")]})
    assert markdown(frame).value.splitlines() == [
        "| what | net_amount |",
        "| --- | ---: |",
        "| a\\|b | 1,234.50 |",
        "|  | 0.0012 |",
    ]


def test_an_owner_becomes_a_team() -> None:
    assert owner("revenue operations") == "team:revenue_operations"


def test_a_table_shows_rows_schema_totals_and_a_preview() -> None:
    with Warehouse() as warehouse:
        warehouse.connection.execute("create schema grid")
        warehouse.connection.execute(
            "create table grid.t as select * from (values ('EUR', 1.25::decimal(20,4)), ('EUR', 2), ('USD', -3)) "
            "as v(currency, net_amount)"
        )
        found = table_metadata(warehouse, "grid.t")
    assert found["dagster/row_count"].value == 3
    assert str(found["control totals"].value).splitlines()[2:] == ["| EUR | 2 | 3.25 |", "| USD | 1 | -3.00 |"]
    assert [column.name for column in found["dagster/column_schema"].value.columns] == ["currency", "net_amount"]  # type: ignore[union-attr]
    assert len(str(found["preview"].value).splitlines()) == 5


def test_amounts_of_several_measures_are_not_added_up() -> None:
    with Warehouse() as warehouse:
        warehouse.connection.execute("create schema recon")
        warehouse.connection.execute(
            "create table recon.t as select 'EUR' as currency, 'net' as measure, 1::decimal(20,4) as cause_amount"
        )
        assert "control totals" not in table_metadata(warehouse, "recon.t")


def test_lineage_names_assets_and_columns() -> None:
    found = lineage_metadata({"total_amount": [("canonical.invoice", "net_amount"), ("canonical.invoice", "tax_amount")]})
    lineage = found["dagster/column_lineage"].value
    assert isinstance(lineage, dg.TableColumnLineage)
    deps = [(dep.asset_key.to_user_string(), dep.column_name) for dep in lineage.deps_by_column["total_amount"]]
    assert deps == [("canonical/invoice", "net_amount"), ("canonical/invoice", "tax_amount")]
    assert "| total_amount | canonical.invoice.net_amount, canonical.invoice.tax_amount |" in str(
        found["columns come from"].value
    )
