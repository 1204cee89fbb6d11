"""Asset checks made from `quality`: SQL assertions, expectation suites and contracts, each with a sample of what broke it."""

from collections.abc import Iterator, Mapping
from datetime import date

import dagster as dg

from q2c_pipeline.engine.sqlfiles import SqlFile
from q2c_pipeline.orchestration.metadata import asset_key, markdown
from q2c_pipeline.orchestration.resources import POOL, Night, explained
from q2c_pipeline.quality.assertions import check_assertion, subject, weight
from q2c_pipeline.quality.expectations import run_suites
from q2c_pipeline.quality.outcome import Outcome, Weight
from q2c_pipeline.quality.suites import Expectation, Suite, suites

_SEVERITY = {
    Weight.WARNING: dg.AssetCheckSeverity.WARN,
    Weight.ERROR: dg.AssetCheckSeverity.ERROR,
    Weight.STOP: dg.AssetCheckSeverity.ERROR,
}
DATA_DOCS = "data_docs"


def check_result(outcome: Outcome) -> dg.AssetCheckResult:
    """An outcome in Dagster's words."""
    facts: dict[str, dg.MetadataValue] = {
        name.replace("_", " "): dg.MetadataValue.int(value) if isinstance(value, int) else dg.MetadataValue.text(value)
        for name, value in outcome.facts.items()
    }
    if outcome.sample.height:
        facts["examples"] = markdown(outcome.sample)
    return dg.AssetCheckResult(
        passed=outcome.is_ok,
        asset_key=asset_key(outcome.table),
        check_name=outcome.name,
        severity=_SEVERITY[outcome.weight],
        description=f"could not be checked: {outcome.problem}" if outcome.problem else outcome.says,
        metadata=facts,
    )


def assertion_check(file: SqlFile, order: Mapping[str, int]) -> dg.AssetChecksDefinition:
    """The check made of one file of sql/assertions, on the latest table it reads."""
    table = subject(file, order)
    others = [asset_key(name) for name in file.upstreams if name != table]

    @dg.asset_check(
        asset=asset_key(table),
        name=file.table,
        description=file.header["says"],
        blocking=weight(file) is Weight.STOP,
        additional_deps=others,
        pool=POOL,
        metadata={"file": file.path, "sql": dg.MetadataValue.md(f"```sql\n{file.sql}\n```")},
    )
    def assertion(night: dg.ResourceParam[Night]) -> dg.AssetCheckResult:
        with explained():
            params = night.settings.sql_parameters(night.as_of)
            return check_result(check_assertion(night.warehouse, file, params, table))

    return assertion


def expectation_checks() -> dg.AssetChecksDefinition:
    """All suites in one step, because importing Great Expectations costs more than running them; Data Docs come with it."""
    specs = [_spec(suite, one) for suite in suites(date.min) for one in suite.expectations]

    @dg.multi_asset_check(name="expectations", specs=specs, pool=POOL, can_subset=True)
    def expectations(context: dg.AssetCheckExecutionContext, night: dg.ResourceParam[Night]) -> Iterator[dg.AssetCheckResult]:
        wanted = context.selected_asset_check_keys
        with explained():
            docs = night.settings.stores.reports / DATA_DOCS
            for outcome in run_suites(night.warehouse, suites(night.as_of), docs):
                if dg.AssetCheckKey(asset_key(outcome.table), outcome.name) in wanted:
                    yield check_result(outcome)

    return expectations


def _spec(suite: Suite, one: Expectation) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(one.name, asset=asset_key(suite.table), description=one.says)
