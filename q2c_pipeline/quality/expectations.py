"""Runs expectation suites inside the open warehouse with Great Expectations, and builds its Data Docs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.quality.outcome import Outcome
from q2c_pipeline.quality.suites import Expectation, Suite

_SITE = "data_docs"
_SAMPLE_ROWS = 10


def run_suites(warehouse: Warehouse, suites: Sequence[Suite], docs: Path | None = None) -> list[Outcome]:
    """Check every suite; with `docs`, also write the Data Docs of this run there (an earlier run's are replaced)."""
    # Only the process environment switches its telemetry off, and only before the first import (3.5 s, paid by this step alone).
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    from q2c_pipeline.engine.gx_dialect import lent  # noqa: PLC0415

    with lent(warehouse, "work") as address:
        context = _context(docs)
        source = context.data_sources.add_sql("warehouse", connection_string=address, create_temp_table=False)
        results = _validate(context, source, suites)
        if docs is not None:
            context.build_data_docs()
        return [outcome for suite in suites for outcome in _outcomes(suite, results[suite.name])]


def _context(docs: Path | None) -> Any:
    """A context that keeps nothing on disk but the Data Docs."""
    import great_expectations as gx  # noqa: PLC0415

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    for site in list(context.list_data_docs_sites()):
        context.delete_data_docs_site(site)
    if docs is not None:
        shutil.rmtree(docs, ignore_errors=True)
        store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs.resolve())}
        index = {"class_name": "DefaultSiteIndexBuilder"}
        config = {"class_name": "SiteBuilder", "store_backend": store, "site_index_builder": index}
        context.add_data_docs_site(site_name=_SITE, site_config=config)
    return context


def _validate(context: Any, source: Any, suites: Sequence[Suite]) -> dict[str, Any]:
    """Results by suite name."""
    import great_expectations as gx  # noqa: PLC0415

    definitions = []
    for suite in suites:
        rows = source.add_query_asset(suite.name, query=suite.query.strip()).add_batch_definition_whole_table("all")
        expected = context.suites.add(gx.ExpectationSuite(suite.name, expectations=[*_expectations(suite)]))
        definition = gx.ValidationDefinition(name=suite.name, data=rows, suite=expected)
        definitions.append(context.validation_definitions.add(definition))
    shown: Any = {"result_format": "SUMMARY", "unexpected_index_column_names": ["record"]}
    checkpoint = gx.Checkpoint(name="night", validation_definitions=definitions, result_format=shown)
    run = context.checkpoints.add(checkpoint).run()
    return {result.suite_name: result for result in run.run_results.values()}


def _expectations(suite: Suite) -> Iterator[Any]:
    import great_expectations.expectations as kinds  # noqa: PLC0415

    for one in suite.expectations:
        yield getattr(kinds, one.kind)(**one.arguments, description=one.says, meta={"name": one.name})


def _outcomes(suite: Suite, result: Any) -> Iterator[Outcome]:
    """Results come in any order: they are found again by the name in their meta."""
    by_name = {one.expectation_config.meta["name"]: one for one in result.results}
    return (_outcome(suite, one, by_name[one.name]) for one in suite.expectations)


def _outcome(suite: Suite, one: Expectation, found: Any) -> Outcome:
    details = found.result or {}
    return Outcome(
        name=one.name,
        table=suite.table,
        is_ok=bool(found.success),
        says=one.says,
        weight=one.weight,
        facts={"rows": int(details.get("element_count") or 0), "unexpected": int(details.get("unexpected_count") or 0)},
        sample=_sample(details),
        problem=_problem(found.exception_info or {}),
    )


def _sample(details: dict[str, Any]) -> pl.DataFrame:
    """The first broken rows: their names and the values that were not expected, as text."""
    rows = [{name: str(value) for name, value in row.items()} for row in details.get("partial_unexpected_index_list") or []]
    return pl.DataFrame(rows[:_SAMPLE_ROWS]) if rows else pl.DataFrame()


def _problem(info: dict[str, Any]) -> str:
    """The exception of an expectation that could not be checked at all; Great Expectations nests it by metric."""
    if info.get("raised_exception"):
        return str(info.get("exception_message"))
    nested = [part for part in info.values() if isinstance(part, dict) and part.get("raised_exception")]
    return "; ".join(str(part.get("exception_message")) for part in nested)
