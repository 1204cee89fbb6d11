"""Assets of the way in: an instance's landed objects, and the loading step that turns them into `mapped.*`."""

from collections.abc import Iterator, Mapping
from functools import partial

import dagster as dg

from q2c_pipeline.errors import ContractError, Q2CError, SourceError
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.orchestration.checks import check_result
from q2c_pipeline.orchestration.loading import LoadedBatch, field_map, load_instance, readings
from q2c_pipeline.orchestration.metadata import (
    asset_key,
    batch_table,
    completeness,
    described_schema,
    manifest_metadata,
    owner,
    table_metadata,
)
from q2c_pipeline.orchestration.night import landing_of
from q2c_pipeline.orchestration.readers import Wanted
from q2c_pipeline.orchestration.resources import POOL, RETRIES, Night, explained, failure
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.quality.contracts import CONTRACT, check_contract
from q2c_pipeline.schemas.tables import TABLES, Table
from q2c_pipeline.settings import InstanceSettings, Settings

LANDING, CANONICAL = "1_landing", "2_canonical"
COMPLETE, MERGED = "complete", "merged"
BATCH = "landing.batch"
FACTS = {
    BATCH: "every batch that was loaded, with its counts",
    "landing.check_result": "figures that a source states about a delivery, beside what was landed",
    "landing.tombstone": "records that are gone at their source, announced by it or noticed",
    "landing.reject": "rows that could not be read, with the reason",
    "landing.drift": "fields and words that no contract knows",
}
Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def known_instance(configured: InstanceSettings) -> Instance:
    """The instance as far as the graph must know it: no secret is opened to draw a picture."""
    return Instance(
        name=configured.name,
        platform=configured.platform,
        url=configured.url,
        credentials={},
        conventions=configured.conventions,
        account_classes={number: kind.value for number, kind in configured.account_classes.items()},
        field_overrides=configured.fields,
    )


def landing_key(instance: str, object_name: str) -> dg.AssetKey:
    """landing/<instance>/<object>; a dot, which Dagster does not allow in a name, becomes `_`."""
    return dg.AssetKey(["landing", instance, object_name.replace(".", "_")])


def step_name(instance: str) -> str:
    """The step that reads an instance."""
    return f"extract_{instance}"


def landing_assets(configured: InstanceSettings) -> dg.AssetsDefinition:
    """One asset for each object of an instance, all read by one step."""
    instance = known_instance(configured)
    objects = {landing_key(instance.name, name): name for name in field_map(instance)}

    @dg.multi_asset(
        name=step_name(instance.name),
        specs=[_landing_spec(key, name, configured) for key, name in objects.items()],
        check_specs=[dg.AssetCheckSpec(COMPLETE, asset=key, description=_COMPLETE_SAYS) for key in objects],
        can_subset=True,
        retry_policy=RETRIES,
    )
    def extract(context: dg.AssetExecutionContext, night: dg.ResourceParam[Night]) -> Events:
        landed, refusal = _extract(context, night, instance.name)
        selected = sorted(context.selected_asset_keys)
        for key in selected:
            yield _landed(key, landed.get(objects[key]), refusal)
            yield _completeness(key, landed.get(objects[key]), refusal)

    return extract


_COMPLETE_SAYS = "the source was read, and the delivery holds what the source says it holds"


def _landing_spec(key: dg.AssetKey, name: str, configured: InstanceSettings) -> dg.AssetSpec:
    platform, role = configured.platform, configured.plays.value
    return dg.AssetSpec(
        key,
        description=f"{name} of {configured.name} as {platform} sent it: immutable batches, every value as exact text",
        group_name=LANDING,
        kinds={platform, "parquet"},
        owners=[owner(f"{role} owner")],
        tags={"q2c/instance": configured.name, "q2c/role": role},
    )


def _extract(context: dg.AssetExecutionContext, night: Night, name: str) -> tuple[Mapping[str, Manifest], SourceError | None]:
    """Land the selected objects; an instance that refuses to be read is noted as blocked, and the night goes on without it."""
    reading = night.readers.read(name, _wanted(context, night.settings))
    try:
        night.result.manifests += reading.complete()
    except SourceError as error:
        if error.retryable and context.retry_number < RETRIES.max_retries:
            raise
        night.block(name, error)
        context.log.warning("left out: %s", error)
        return reading.landed, error
    except Q2CError as error:
        raise failure(error) from error
    return reading.landed, None


def _wanted(context: dg.AssetExecutionContext, settings: Settings) -> Wanted:
    """What all extraction steps of this run read, its own among them."""
    keys, steps = context.job_def.asset_layer.selected_asset_keys, set(context.run.step_keys_to_execute or ())
    return {
        one.name: [name for name in field_map(known_instance(one)) if landing_key(one.name, name) in keys]
        for one in settings.instances
        if step_name(one.name) in steps
    }


def _landed(key: dg.AssetKey, manifest: Manifest | None, refusal: SourceError | None) -> dg.MaterializeResult[None]:
    if manifest is None:
        return dg.MaterializeResult(asset_key=key, metadata={"kept as it was": str(refusal)})
    version = dg.DataVersion(manifest.batch_id)
    return dg.MaterializeResult(asset_key=key, metadata=manifest_metadata(manifest), data_version=version)


def _completeness(key: dg.AssetKey, manifest: Manifest | None, refusal: SourceError | None) -> dg.AssetCheckResult:
    """A delivery that lacks records is a finding (DQ01), here a warning; an instance that was not read is an error."""
    if refusal is not None or manifest is None:
        return dg.AssetCheckResult(asset_key=key, check_name=COMPLETE, passed=False, description=str(refusal))
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=COMPLETE,
        passed=all(check.is_ok for check in manifest.checks),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"figures": len(manifest.checks), "completeness": completeness(manifest)},
    )


def mapped_assets(settings: Settings) -> dg.AssetsDefinition:
    """The loading step: landed batches become rows of `mapped.*`, all of an instance or nothing of it."""
    sources = _sources_of_tables(settings)
    everything = {key for keys in sources.values() for key in keys}
    names = [configured.name for configured in settings.instances]

    @dg.multi_asset(
        name="load",
        specs=[
            *(_mapped_spec(table, sources.get(table.name, set())) for table in TABLES.values()),
            *(_fact_spec(name, everything) for name in FACTS),
        ],
        check_specs=[*(_merged_spec(name) for name in names), *(_contract_spec(table) for table in TABLES.values())],
        pool=POOL,
    )
    def load(night: dg.ResourceParam[Night]) -> Events:
        with explained():
            for name in names:
                yield _merge(night, name)
            yield from _stored(night)

    return load


def _sources_of_tables(settings: Settings) -> dict[str, set[dg.AssetKey]]:
    """Canonical table -> the landed objects that feed it, read from the mappings."""
    sources: dict[str, set[dg.AssetKey]] = {}
    for configured in settings.instances:
        for reading in readings(known_instance(configured)):
            sources.setdefault(reading.table, set()).add(landing_key(configured.name, reading.source))
    return sources


def _mapped_spec(table: Table, sources: set[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        ["mapped", table.name],
        deps=sorted(sources),
        description=f"{table.says}: every version that was ever delivered, of every instance",
        group_name=CANONICAL,
        kinds={"polars", "duckdb"},
        owners=[owner(f"{table.owner} owner")],
        metadata={"dagster/column_schema": described_schema(table), "dagster/table_name": f"mapped.{table.name}"},
    )


def _fact_spec(name: str, sources: set[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(name),
        deps=sorted(sources),
        description=FACTS[name],
        group_name=LANDING,
        kinds={"duckdb"},
        owners=[owner("engineering")],
        metadata={"dagster/table_name": name},
    )


def _merged_spec(instance: str) -> dg.AssetCheckSpec:
    says = f"{instance} was read and merged whole, or else nothing of it was merged"
    return dg.AssetCheckSpec(f"{MERGED}_{instance}", asset=asset_key(BATCH), description=says)


def _contract_spec(table: Table) -> dg.AssetCheckSpec:
    says = "the delivered rows have the types, filled fields and words of the contract; otherwise the run stops here"
    return dg.AssetCheckSpec(CONTRACT, asset=["mapped", table.name], blocking=True, description=says)


def _merge(night: Night, name: str) -> dg.AssetCheckResult:
    """Load one instance in one transaction; what kept it out is the check's description."""
    result = partial(dg.AssetCheckResult, asset_key=asset_key(BATCH), check_name=f"{MERGED}_{name}")
    if name in night.result.unread:
        return result(passed=False, description="not read whole tonight: nothing of it was merged, its tables are as they were")

    def on_loaded(batch: LoadedBatch) -> None:
        night.report("load", f"{batch.manifest.instance}.{batch.manifest.object_name}: {batch.loaded_rows} rows")

    settings = night.settings
    try:
        loaded = load_instance(night.warehouse, landing_of(settings), settings.instance(name), night.as_of, on_loaded)
    except ContractError as error:
        night.block(name, error)
        return result(passed=False, description=str(error))
    night.result.loaded += loaded
    return result(passed=True, metadata={"batches": len(loaded), "loaded": batch_table(loaded)})


def _stored(night: Night) -> Events:
    """What the tables hold after the load, and whether the new rows keep their contract."""
    for name in FACTS:
        yield dg.MaterializeResult(asset_key=asset_key(name), metadata=table_metadata(night.warehouse, name))
    for table in TABLES.values():
        metadata = table_metadata(night.warehouse, f"mapped.{table.name}")
        yield dg.MaterializeResult(asset_key=["mapped", table.name], metadata=metadata)
        yield check_result(check_contract(night.warehouse, table, night.as_of))
