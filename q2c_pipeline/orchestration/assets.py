"""Assets of the way through: one for each SQL file, and the outcomes that people open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from q2c_pipeline.engine.lineage import remembered_lineage
from q2c_pipeline.engine.sqlfiles import SqlFile
from q2c_pipeline.orchestration.alerting import tell_of_night
from q2c_pipeline.orchestration.casework import update_cases
from q2c_pipeline.orchestration.correcting import take_in
from q2c_pipeline.orchestration.identifying import READS, TABLES, identify
from q2c_pipeline.orchestration.metadata import Metadata, asset_key, bridge, columns_of, lineage_metadata, owner, table_metadata
from q2c_pipeline.orchestration.night import publish_night
from q2c_pipeline.orchestration.resources import POOL, Night, explained

OUTCOMES = "9_outcomes"
PUBLISHED, WORKBOOK, REPORT = "outcomes.published", "outcomes.workbook", "outcomes.report"
CASES = "state.exception_case"
CORRECTIONS = "state.correction"
ALERTS = "state.alert"
REPORTS = {
    WORKBOOK: "the night's figures as a workbook that can be filtered, recalculated and signed",
    REPORT: "the night on one page: what agrees, what does not, and why",
}
REFRESHED = "every_instance_refreshed"
BRIDGE = "recon.bridge"


def group(file: SqlFile) -> str:
    """The group of a SQL file's table: folder 40_grid is the fifth stage of the flow, `5_grid`."""
    return f"{file.order // 10 + 1}_{file.schema}"


def table_asset(file: SqlFile) -> dg.AssetsDefinition:
    """The asset of one SQL file: its upstreams, owner and words come from the file."""

    @dg.asset(
        key=asset_key(file.name),
        deps=[asset_key(name) for name in file.upstreams],
        description=_description(file),
        group_name=group(file),
        kinds={"sql", "duckdb"},
        owners=[owner(file.header["owner"])],
        metadata={"file": file.path, "dagster/table_name": file.name, "sql": dg.MetadataValue.md(f"```sql\n{file.sql}\n```")},
        pool=POOL,
    )
    def table(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
        with explained():
            result = night.refresh.run(file)
            night.result.tables.append(result)
            night.report("transform", f"{result.name}: {result.rows} rows")
            return dg.MaterializeResult(metadata=_table_metadata(night, file))

    return table


def _description(file: SqlFile) -> str:
    parts = [file.header["says"], f"Grain: {file.header['grain']}"]
    parts += [f"Example: {file.header['example']}"] if "example" in file.header else []
    parts += [f"Repair: {file.header['repair']}; queue: {file.header['queue']}"] if file.is_control else []
    return "\n\n".join(parts)


def _table_metadata(night: Night, file: SqlFile) -> Metadata:
    warehouse, memory = night.warehouse, night.settings.stores.dagster / "lineage"
    found = table_metadata(warehouse, file.name)
    columns = {name: tuple(columns_of(warehouse, name)) for name in file.upstreams}
    found |= lineage_metadata(remembered_lineage(memory, file, columns))
    return found | bridge(warehouse) if file.name == BRIDGE else found


def policy_assets(files: Sequence[SqlFile]) -> list[dg.AssetSpec]:
    """Tables that come from q2c.toml: the graph shows who reads them, no step makes them."""
    names = sorted({name for file in files for name in file.upstreams if name.startswith("policy.")})
    return [
        dg.AssetSpec(
            asset_key(name), description="from q2c.toml", group_name="1_landing", kinds={"toml"}, owners=[owner("engineering")]
        )
        for name in names
    ]


def identity_assets() -> dg.AssetsDefinition:
    """Who is who, between canonical records and links."""

    @dg.multi_asset(
        name="identify",
        specs=[
            dg.AssetSpec(
                asset_key(name),
                deps=[asset_key(read) for read in READS],
                description=says,
                group_name="2_identity",
                kinds={"polars", "splink"},
                owners=[owner("sales operations")],
                metadata={"dagster/table_name": name},
            )
            for name, says in TABLES.items()
        ],
        pool=POOL,
    )
    def identities(night: dg.ResourceParam[Night]) -> Iterator[dg.MaterializeResult[None]]:
        with explained():
            for found in identify(night.settings, night.warehouse, anew=night.refresh.doubt is not None):
                night.result.tables.append(found)
                night.report("transform", f"{found.name}: {found.rows} rows")
                yield dg.MaterializeResult(asset_key=asset_key(found.name), metadata=table_metadata(night.warehouse, found.name))

    return identities


def leaves(files: Sequence[SqlFile]) -> list[str]:
    """Tables that no other SQL file reads: when they are there, everything is."""
    read = {name for file in files for name in file.upstreams}
    return sorted(file.name for file in files if file.name not in read)


def outcome_assets(files: Sequence[SqlFile]) -> list[dg.AssetsDefinition]:
    """What people open: the published file, then report and workbook made from it."""
    return [_published(files), _cases(), _corrections(), _alerts(), _reports()]


def _published(files: Sequence[SqlFile]) -> dg.AssetsDefinition:
    @dg.asset(
        key=asset_key(PUBLISHED),
        deps=[asset_key(name) for name in leaves(files)],
        description="the finished tables as a read-only file that appears all at once; readers never see half a night",
        group_name=OUTCOMES,
        kinds={"duckdb"},
        owners=[owner("controllership")],
        pool=POOL,
    )
    def published(night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
        with explained():
            path = publish_night(night.settings, night.warehouse)
        night.result.published = path
        night.report("publish", path.name)
        return dg.MaterializeResult(metadata=_file_metadata(path))

    return published


def _cases() -> dg.AssetsDefinition:
    @dg.asset(
        key=asset_key(CASES),
        deps=[asset_key(PUBLISHED)],
        description="the life of each exception, brought to what the night found: opened, reopened, returned or resolved",
        group_name=OUTCOMES,
        kinds={"sqlalchemy"},
        owners=[owner("controllership")],
    )
    def cases(context: dg.AssetExecutionContext, night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
        with explained():
            outcome = update_cases(night.settings, night.as_of, night.result.unread, _started(context))
        night.result.cases = outcome
        night.report("cases", f"{outcome.found} found")
        counts = {kind.value: count for kind, count in outcome.counts.items()}
        return dg.MaterializeResult(metadata={"found": outcome.found, **counts})

    return cases


def _corrections() -> dg.AssetsDefinition:
    @dg.asset(
        key=asset_key(CORRECTIONS),
        deps=[asset_key(PUBLISHED), asset_key(CASES)],
        description="repairs: what was pushed is verified, what the night proposes enters, what its evidence left expires",
        group_name=OUTCOMES,
        kinds={"sqlalchemy"},
        owners=[owner("controllership")],
    )
    def corrections(context: dg.AssetExecutionContext, night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
        with explained():
            taken = take_in(night.settings, night.as_of, night.result.unread, _started(context))
        night.result.corrections = taken
        night.report("corrections", f"{taken.refreshed.proposed} proposed")
        verified, not_effective = len(taken.judged.verified), len(taken.judged.not_effective)
        counts = asdict(taken.refreshed) | {"verified": verified, "not effective": not_effective, "approved": taken.approved}
        return dg.MaterializeResult(metadata=counts)

    return corrections


def _alerts() -> dg.AssetsDefinition:
    @dg.asset(
        key=asset_key(ALERTS),
        deps=[asset_key(PUBLISHED), asset_key(CASES), asset_key(CORRECTIONS)],
        description="what people are told of without asking: new exceptions, what is overdue, left out, or cannot be pushed",
        group_name=OUTCOMES,
        kinds={"sqlalchemy"},
        owners=[owner("controllership")],
    )
    def alerts(context: dg.AssetExecutionContext, night: dg.ResourceParam[Night]) -> dg.MaterializeResult[None]:
        night.result.told = tell_of_night(night.settings, night.as_of, _started(context), night.result.blocked)
        night.report("alerts", f"{len(night.result.told)} messages")
        said = {f"{number} {one.channel}": one.trouble or f"{one.alerts} told" for number, one in enumerate(night.result.told, 1)}
        return dg.MaterializeResult(metadata=said)

    return alerts


def _started(context: dg.AssetExecutionContext) -> datetime:
    return datetime.fromtimestamp(context.instance.get_run_stats(context.run.run_id).start_time or 0.0, UTC)


def _reports() -> dg.AssetsDefinition:
    """Workbook and report; the run ends red here if an instance was left out, when all that could be made is made."""
    says = "no instance was left out because it could not be read or its contract broke"

    @dg.multi_asset(
        name="reports",
        specs=[_report_spec(name, says) for name, says in REPORTS.items()],
        check_specs=[dg.AssetCheckSpec(REFRESHED, asset=asset_key(REPORT), description=says, blocking=True)],
    )
    def reports(
        context: dg.AssetExecutionContext, night: dg.ResourceParam[Night]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        # Altair and Excel: only this step pays.
        from q2c_pipeline.orchestration.reporting import build_reports, remember_run  # noqa: PLC0415

        with explained():
            status = "partial" if night.result.unread else "complete"
            remember_run(night.settings, context.run.run_id, _started(context), status)
            night.result.outcomes |= build_reports(night.settings)
        for name in REPORTS:
            path = night.result.outcomes[name.removeprefix("outcomes.")]
            night.report("report", path.name)
            yield dg.MaterializeResult(asset_key=asset_key(name), metadata=_file_metadata(path))
        yield refreshed(night)

    return reports


def _report_spec(name: str, says: str) -> dg.AssetSpec:
    kind = "excel" if name == WORKBOOK else "html"
    return dg.AssetSpec(
        asset_key(name),
        deps=[asset_key(PUBLISHED), asset_key(CASES), asset_key(CORRECTIONS)],
        description=says,
        group_name=OUTCOMES,
        kinds={kind},
        owners=[owner("controllership")],
    )


def _file_metadata(path: Path) -> Metadata:
    return {"file": dg.MetadataValue.path(path), "bytes": dg.MetadataValue.int(path.stat().st_size)}


def refreshed(night: Night) -> dg.AssetCheckResult:
    """Which instances were left out tonight, and why."""
    reasons: Mapping[str, str] = {f"reason {number}": str(error) for number, error in enumerate(night.result.blocked, start=1)}
    return dg.AssetCheckResult(
        asset_key=asset_key(REPORT),
        check_name=REFRESHED,
        passed=not night.result.unread,
        description=f"left out: {', '.join(sorted(night.result.unread)) or 'none'}",
        metadata=reasons,
    )
