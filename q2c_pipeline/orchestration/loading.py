"""The one loading step: landed batches become rows of `mapped.*`, rejects are quarantined, all of an instance or nothing."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.errors import ContractError
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.quality.contracts import require_contract
from q2c_pipeline.schemas.fieldmap import FieldMap, ObjectFields, load_field_map
from q2c_pipeline.schemas.reading import PROBLEM, REFUSED, UNKNOWN_WORD, Reading, read, sift
from q2c_pipeline.schemas.tables import TABLES

PART_ROWS = 100_000
"""Landed rows that are mapped at once."""
WHOLE = slice(None)


@dataclass(frozen=True)
class LoadedBatch:
    """What became of one landed batch: rows delivered, rows merged into canonical tables, rows quarantined."""

    manifest: Manifest
    loaded_rows: int
    rejected_rows: int


@dataclass(frozen=True)
class Mapped:
    """A batch, or a part of one, after mapping: good rows per canonical table, quarantined rows, and fields nobody knows."""

    tables: dict[str, pl.DataFrame]
    rejects: pl.DataFrame
    new_fields: list[str]


def readings(instance: Instance) -> Sequence[Reading]:
    """How the instance's objects become canonical rows."""
    module = importlib.import_module(f"q2c_pipeline.platforms.{instance.platform}.mapping")
    found: Sequence[Reading] = module.readings(instance.conventions, instance.account_classes)
    return found


def field_map(instance: Instance) -> FieldMap:
    """The platform's fields.toml under the instance's own field names."""
    package = importlib.import_module(f"q2c_pipeline.platforms.{instance.platform}")
    return load_field_map(Path(str(package.__file__)).parent / "fields.toml", instance.field_overrides)


def load_instance(
    warehouse: Warehouse, landing: Landing, instance: Instance, as_of: date, on_loaded: Callable[[LoadedBatch], None]
) -> list[LoadedBatch]:
    """Merge every batch of an instance that is not in the warehouse yet, in one transaction.

    Raises ContractError when a batch lacks a needed vendor field: then nothing of the instance is merged, the drift is
    recorded, and the other instances can go on.
    """
    done = set(warehouse.query("select batch_id from landing.batch", {})["batch_id"])
    new = [m for m in landing.manifests_beside(instance.name, done) if m.as_of <= as_of]
    fields, rules = field_map(instance), readings(instance)
    _refuse_broken_contract(warehouse, instance, new, fields)
    loaded, news = [], set()
    with warehouse.transaction():
        for manifest in new:
            loaded.append(_merge(warehouse, landing.scan(manifest), manifest, fields[manifest.object_name], rules))
            news |= {(manifest.object_name, name) for name in _unknown(manifest, fields[manifest.object_name])}
            on_loaded(loaded[-1])
        _restate_drift(warehouse, instance.name, fields, news)
    return loaded


def map_batch(
    raw: pl.LazyFrame, manifest: Manifest, fields: ObjectFields, rules: Sequence[Reading], rows: slice = WHOLE
) -> Mapped:
    """Map a batch, or some rows of it, by all readings of its object.

    Every input row ends in a table, in the rejects, or was not asked for. Mapping parts one by one gives what mapping the whole
    gives; tombstones come with the first part.
    """
    frame = logical_frame(raw, manifest, fields, rows)
    tables: dict[str, pl.DataFrame] = {}
    rejects = [pl.DataFrame(schema=_REJECT_SCHEMA)]
    is_empty = not manifest.row_count and not manifest.tombstones
    for rule in (r for r in rules if r.source == manifest.object_name and not is_empty):
        found = sift(rule, frame).collect()
        good = found.filter(~pl.col(REFUSED)).drop(REFUSED, "row_number")
        require_contract(TABLES[rule.table], good, f"{manifest.instance}.{manifest.object_name}")
        tables[rule.table] = pl.concat([tables[rule.table], good]) if rule.table in tables else good
        rejects.append(_rejects(rule, found.filter(REFUSED)["row_number"], frame, manifest, fields))
    return Mapped(tables, pl.concat(rejects).unique(["row_number", "reason"], maintain_order=True), _unknown(manifest, fields))


def _unknown(manifest: Manifest, fields: ObjectFields) -> list[str]:
    return [name for name in manifest.columns if not fields.knows(name)]


def _parts(manifest: Manifest) -> list[slice]:
    """The rows of a batch cut into parts that fit into memory; one part of a batch that has only tombstones."""
    return [slice(start, start + PART_ROWS) for start in range(0, max(manifest.row_count, 1), PART_ROWS)]


def logical_frame(raw: pl.LazyFrame, manifest: Manifest, fields: ObjectFields, part: slice = WHOLE) -> pl.LazyFrame:
    """Rows of a batch under logical names, its tombstones as rows of their own, with the columns that `read` needs."""
    first, end = part.start or 0, part.stop
    present = {logical: vendor for logical, vendor in fields.vendor.items() if vendor in manifest.columns}
    columns = [pl.col(vendor).alias(logical) for logical, vendor in present.items()]
    absent = [pl.lit(None, dtype=pl.String).alias(logical) for logical in fields.vendor if logical not in present]
    rows = (
        raw.slice(first, None if end is None else end - first)
        .with_row_index("row_number", offset=first)
        .select(
            *columns,
            *absent,
            pl.col("row_number").cast(pl.Int64),
            is_tombstone=pl.lit(value=False),
            tombstone_id=pl.lit(None, dtype=pl.String),
            tombstone_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
        )
    )
    gone = () if first else manifest.tombstones
    stones = pl.LazyFrame(
        {
            "row_number": [-1 - i for i in range(len(gone))],
            "tombstone_id": [stone.source_id for stone in gone],
            "tombstone_at": [stone.deleted_at for stone in gone],
        },
        schema={"row_number": pl.Int64, "tombstone_id": pl.String, "tombstone_at": pl.Datetime("us", "UTC")},
    ).with_columns(is_tombstone=pl.lit(value=True))
    return pl.concat([rows, stones], how="diagonal").with_columns(
        instance=pl.lit(manifest.instance), batch_id=pl.lit(manifest.batch_id), as_of=pl.lit(manifest.as_of)
    )


_REJECT_SCHEMA: dict[str, pl.DataType] = {
    "batch_id": pl.String(),
    "instance": pl.String(),
    "object_name": pl.String(),
    "source_id": pl.String(),
    "row_number": pl.Int64(),
    "field_name": pl.String(),
    "reason": pl.String(),
    "value": pl.String(),
    "is_unknown_enum": pl.Boolean(),
    "record": pl.String(),
}


def _rejects(rule: Reading, refused: pl.Series, frame: pl.LazyFrame, manifest: Manifest, fields: ObjectFields) -> pl.DataFrame:
    """Quarantine rows: the reason, the field and value at fault, and the whole record as it was delivered."""
    if refused.is_empty():
        return pl.DataFrame(schema=_REJECT_SCHEMA)
    source = frame.filter(pl.col("row_number").is_in(refused.unique().to_list())).collect()
    records = {row["row_number"]: row for row in source.to_dicts()}
    explained = read(rule, source.lazy()).filter(pl.col(PROBLEM).is_not_null()).select("row_number", PROBLEM).collect()
    return pl.DataFrame(
        [_reject(records[number], number, reason, manifest, fields) for number, reason in explained.iter_rows()],
        schema=_REJECT_SCHEMA,
        orient="row",
    )


def _reject(
    record: dict[str, object], row_number: int, reason: str, manifest: Manifest, fields: ObjectFields
) -> dict[str, object]:
    logical = reason.split(":", 1)[0]
    payload = {name: value for name, value in record.items() if name not in _LOADER_COLUMNS and value is not None}
    return {
        "batch_id": manifest.batch_id,
        "instance": manifest.instance,
        "object_name": manifest.object_name,
        "source_id": record.get("id"),
        "row_number": row_number,
        "field_name": fields.vendor.get(logical, logical),
        "reason": reason,
        "value": record.get(logical),
        "is_unknown_enum": UNKNOWN_WORD in reason,
        "record": json.dumps(payload, ensure_ascii=False, default=str),
    }


_LOADER_COLUMNS = frozenset({"row_number", "is_tombstone", "tombstone_id", "tombstone_at", "instance", "batch_id", "as_of"})


def _merge(
    warehouse: Warehouse, raw: pl.LazyFrame, manifest: Manifest, fields: ObjectFields, rules: Sequence[Reading]
) -> LoadedBatch:
    """Map and store a batch part by part, so that a large one needs no more memory than a small one."""
    missed = warehouse.query(_MISSED, {"instance": manifest.instance, "object_name": manifest.object_name})
    back, loaded, rejected = [missed.clear()], 0, 0
    for part in _parts(manifest):
        mapped = map_batch(raw, manifest, fields, rules, part)
        for table, frame in mapped.tables.items():
            loaded += warehouse.append(f"mapped.{table}", frame)
        rejected += warehouse.append("landing.reject", mapped.rejects)
        back.append(_returned(missed, mapped))
    warehouse.append("landing.check_result", _checks(manifest))
    returned = _stamped(pl.concat(back).unique().with_columns(state=pl.lit("back")), manifest)
    warehouse.append("landing.tombstone", pl.concat([returned, _tombstones(manifest)]))
    result = LoadedBatch(manifest, loaded, rejected)
    warehouse.append("landing.batch", _batch_row(result))
    return result


def _batch_row(loaded: LoadedBatch) -> pl.DataFrame:
    m = loaded.manifest
    return pl.DataFrame(
        {
            "batch_id": [m.batch_id],
            "instance": [m.instance],
            "platform": [m.platform],
            "object_name": [m.object_name],
            "sequence": [m.sequence],
            "as_of": [m.as_of],
            "row_count": [m.row_count],
            "loaded_rows": [loaded.loaded_rows],
            "rejected_rows": [loaded.rejected_rows],
        }
    )


def _tombstones(manifest: Manifest) -> pl.DataFrame:
    """Records that are gone: announced by their source, or only noticed to be missing."""
    rows = [(stone.source_id, "announced" if stone.is_announced else "noticed") for stone in manifest.tombstones]
    return _stamped(pl.DataFrame(rows, schema={"source_id": pl.String(), "state": pl.String()}, orient="row"), manifest)


def _returned(missed: pl.DataFrame, mapped: Mapped) -> pl.DataFrame:
    """Records that were missing, and that these rows deliver again."""
    living = [frame.filter(~pl.col("is_deleted")).select("source_id") for frame in mapped.tables.values()]
    return missed.join(pl.concat([missed.clear(), *living]).unique(), on="source_id", how="semi")


_MISSED = """
    select distinct source_id from landing.tombstone
    where instance = $instance and object_name = $object_name and state = 'noticed'
"""


def _stamped(frame: pl.DataFrame, manifest: Manifest) -> pl.DataFrame:
    return frame.select(
        batch_id=pl.lit(manifest.batch_id),
        instance=pl.lit(manifest.instance),
        object_name=pl.lit(manifest.object_name),
        as_of=pl.lit(manifest.as_of),
        source_id="source_id",
        state="state",
    )


def _checks(manifest: Manifest) -> pl.DataFrame:
    rows = [
        {
            "batch_id": manifest.batch_id,
            "instance": manifest.instance,
            "object_name": manifest.object_name,
            "check_name": check.name,
            "expected_value": check.expected,
            "found_value": check.found,
            "is_ok": check.is_ok,
        }
        for check in manifest.checks
    ]
    names = ("batch_id", "instance", "object_name", "check_name", "expected_value", "found_value")
    return pl.DataFrame(rows, schema={**dict.fromkeys(names, pl.String()), "is_ok": pl.Boolean()})


def _restate_drift(warehouse: Warehouse, instance: str, fields: FieldMap, news: set[tuple[str, str]]) -> None:
    """Keep each field that nobody knows once, as long as nobody knows it."""
    before = warehouse.query(_NEW_FIELDS, {"instance": instance})
    unknown = news | {(name, field) for name, field in before.iter_rows() if not (name in fields and fields[name].knows(field))}
    warehouse.discard("landing.drift", pl.DataFrame({"instance": [instance]}))
    _note_drift(warehouse, instance, "new_field", sorted(unknown))


def _note_drift(warehouse: Warehouse, instance: str, kind: str, fields: Sequence[tuple[str, str]]) -> None:
    rows = [(instance, object_name, field, kind, None) for object_name, field in fields]
    warehouse.append("landing.drift", pl.DataFrame(rows, schema=dict.fromkeys(_DRIFT_COLUMNS, pl.String()), orient="row"))


_DRIFT_COLUMNS = ("instance", "object_name", "vendor_field", "drift_kind", "detail")
_NEW_FIELDS = "select object_name, vendor_field from landing.drift where instance = $instance and drift_kind = 'new_field'"


def _refuse_broken_contract(warehouse: Warehouse, instance: Instance, new: Sequence[Manifest], fields: FieldMap) -> None:
    missing = {m.object_name: [name for name in fields[m.object_name].required() if name not in m.columns] for m in new}
    broken = {name: gone for name, gone in missing.items() if gone}
    if not broken:
        return
    with warehouse.transaction():
        warehouse.discard("landing.drift", pl.DataFrame({"instance": [instance.name], "drift_kind": ["missing_field"]}))
        _note_drift(warehouse, instance.name, "missing_field", [(name, field) for name, gone in broken.items() for field in gone])
    examples = "; ".join(f"{name}: {', '.join(gone[:5])}" for name, gone in list(broken.items())[:5])
    raise ContractError(
        expected="every field that fields.toml names",
        found=f"{sum(map(len, broken.values()))} missing ({examples})",
        where=instance.name,
        next_step=(
            f"correct [instances.fields] of {instance.name} in q2c.toml; if the source has mended itself, remove the deliveries "
            "of that day from landing and run again; nothing was merged"
        ),
    )
