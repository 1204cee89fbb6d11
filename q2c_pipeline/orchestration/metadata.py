"""What people see beside an asset in Dagster: counts, control totals, masked previews, schemas, lineage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import dagster as dg
import polars as pl

from q2c_pipeline.engine.lineage import Lineage
from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.orchestration.loading import LoadedBatch
from q2c_pipeline.schemas.fields import FIELDS, Pii
from q2c_pipeline.schemas.tables import Table

Metadata = dict[str, dg.MetadataValue]
PREVIEW_ROWS = 10
BRIDGE_ROWS = 400
_RAW_TEXT = frozenset({"record", "value"})
"""Columns that hold a vendor's text as it came, which may be anything."""
_HIDDEN = "•••"
_CELL_WIDTH = 240
_NOT_ADDITIVE = frozenset({"measure", "account_class"})
"""Columns across which amounts do not add up to anything: a receivable and its revenue are two sides of one document."""


def asset_key(table: str) -> dg.AssetKey:
    """`grid.booked_billed` -> grid/booked_billed."""
    return dg.AssetKey(table.split("."))


def owner(name: str) -> str:
    """A header's owner as Dagster wants it: 'revenue operations' -> 'team:revenue_operations'."""
    return f"team:{name.strip().lower().replace(' ', '_')}"


def masked(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without personal data: columns whose field has a PII class, and vendor text as it came, show nothing."""
    secret = [name for name in frame.columns if name in _RAW_TEXT or _is_personal(name)]
    return frame.with_columns(pl.when(pl.col(name).is_not_null()).then(pl.lit(_HIDDEN)).alias(name) for name in secret)


def _is_personal(name: str) -> bool:
    """By the field of that name; a column such as `crm_account_name` is the field that its name ends with."""
    return any(name == field.name or name.endswith(f"_{field.name}") for field in FIELDS.values() if field.pii is not Pii.NONE)


def markdown(frame: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """A frame as a markdown table, masked."""
    lines = [list(frame.columns), ["---:" if kind.is_numeric() else "---" for kind in frame.dtypes]]
    lines += [[_cell(value) for value in row] for row in masked(frame).iter_rows()]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(line)} |" for line in lines) if frame.columns else "(no rows)")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if value == round(value, 2) else f"{value:,f}".rstrip("0")
    return str(value).replace("|", "\\|").replace("\n", " ")[:_CELL_WIDTH]


def table_metadata(warehouse: Warehouse, table: str) -> Metadata:
    """Row count, schema, control totals per currency and a preview of a table in the warehouse."""
    kinds = columns_of(warehouse, table)
    found: Metadata = {
        "dagster/row_count": dg.MetadataValue.int(warehouse.count(table)),
        "dagster/column_schema": column_schema(kinds),
        "preview": markdown(warehouse.query(f"select * from {table} limit {PREVIEW_ROWS}", {})),  # noqa: S608
    }
    amounts = [name for name, kind in kinds.items() if name.endswith("_amount") and kind.startswith("DECIMAL")]
    if amounts and "currency" in kinds and not _NOT_ADDITIVE & kinds.keys():
        sums = ", ".join(f"sum({name}) as {name}" for name in amounts)
        query = f"select currency, count(*) as row_count, {sums} from {table} group by currency order by currency"  # noqa: S608
        found["control totals"] = markdown(warehouse.query(query, {}))
    return found


def columns_of(warehouse: Warehouse, table: str) -> dict[str, str]:
    """Names and types of a table's columns, as the warehouse has them."""
    schema, _, name = table.partition(".")
    query = (
        "select column_name, data_type from duckdb_columns() where database_name = current_database() "
        "and schema_name = $schema_name and table_name = $table_name order by column_index"
    )
    rows = warehouse.query(query, {"schema_name": schema, "table_name": name})
    return dict(rows.iter_rows())


def column_schema(kinds: Mapping[str, str]) -> dg.TableSchemaMetadataValue:
    """Columns with their types, and what the field of that name says."""
    columns = [
        dg.TableColumn(name, kind.lower(), description=FIELDS[name].says if name in FIELDS else None)
        for name, kind in kinds.items()
    ]
    return dg.MetadataValue.table_schema(dg.TableSchema(columns))


def described_schema(table: Table) -> dg.TableSchemaMetadataValue:
    """The schema of a canonical table before there is one."""
    return column_schema({name: field.kind.value for name, field in table.fields.items()})


def lineage_metadata(lineage: Lineage) -> Metadata:
    """Column lineage for Dagster, and as a table that people can read: the open-source UI stores the first without drawing it."""
    deps = {
        column: [dg.TableColumnDep(asset_key=asset_key(table), column_name=source) for table, source in sources]
        for column, sources in lineage.items()
    }
    rows = [(column, ", ".join(f"{table}.{source}" for table, source in sources)) for column, sources in lineage.items()]
    return {
        "dagster/column_lineage": dg.MetadataValue.column_lineage(dg.TableColumnLineage(deps)),
        "columns come from": markdown(pl.DataFrame(rows, schema=["column", "comes from"], orient="row")),
    }


def manifest_metadata(manifest: Manifest) -> Metadata:
    """What the card of a landed batch says."""
    since = manifest.window.since.isoformat() if manifest.window.since else "the beginning"
    found: Metadata = {
        "dagster/row_count": dg.MetadataValue.int(manifest.row_count),
        "batch": dg.MetadataValue.text(manifest.batch_id),
        "window": dg.MetadataValue.text(f"{since} to {manifest.window.until.isoformat()}"),
        "deleted at the source": dg.MetadataValue.int(len(manifest.tombstones)),
        "requests": dg.MetadataValue.int(manifest.request_count),
        "sha256": dg.MetadataValue.text(manifest.sha256),
        "columns": dg.MetadataValue.int(len(manifest.columns)),
    }
    if manifest.checks:
        found["completeness"] = completeness(manifest)
    return found | {name: dg.MetadataValue.text(text) for name, text in manifest.notes.items()}


def completeness(manifest: Manifest) -> dg.MarkdownMetadataValue:
    """What the source said the delivery holds beside what was landed."""
    rows = [(check.name, check.expected, check.found, "yes" if check.is_ok else "NO") for check in manifest.checks]
    return markdown(pl.DataFrame(rows, schema=["check", "source says", "landed", "equal"], orient="row"))


def bridge(warehouse: Warehouse) -> Metadata:
    """The bridge, summed over periods: what the left side says, what the right side says, and the cause of every difference."""
    frame = warehouse.query(_BRIDGE, {})
    return {"bridge": markdown(frame.head(BRIDGE_ROWS))} if frame.height else {}


_BRIDGE = """
select leg, legal_entity_code, currency, measure, cause, sum(cause_amount) as cause_amount
from recon.bridge
group by leg, legal_entity_code, currency, measure, cause
having sum(cause_amount) <> 0 or cause = 'unexplained'
order by leg, legal_entity_code, currency, measure, cause
"""


def batch_table(loaded: Sequence[LoadedBatch]) -> dg.MarkdownMetadataValue:
    """Batches that were loaded: delivered, merged and quarantined rows."""
    rows = [(b.manifest.object_name, b.manifest.row_count, b.loaded_rows, b.rejected_rows) for b in loaded]
    return markdown(pl.DataFrame(rows, schema=["object", "delivered", "merged", "quarantined"], orient="row"))
