"""From the published file to what people read about it, and to the history of runs behind the trend."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.errors import StoreError
from q2c_pipeline.orchestration.casework import standing
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.reports.outcomes import write_outcomes
from q2c_pipeline.settings import Settings
from q2c_pipeline.state.runs import ControlCount, Run, record_run, runs

_NAMES = {"xlsx": "workbook", "html": "report"}
_SUMMARY = "select as_of, group_currency, exceptions, amount_at_risk, unexplained_lines from mart.run_summary"


def build_reports(settings: Settings) -> dict[str, Path]:
    """Write the workbook and the report of the published day again; by name, where they are."""
    with open_published(settings.stores.published) as published:
        days = published.query("select as_of from mart.run_summary")["as_of"].to_list()
    if len(days) != 1:
        raise StoreError(
            expected="a published file of one day",
            found=f"{len(days)} days",
            where=str(settings.stores.published),
            next_step="run `q2c nightly` again",
        )
    as_of: date = days[0]
    with state_of(settings) as state:
        history, cases = runs(state), standing(state)
    written = write_outcomes(settings.stores.published, settings.stores.reports, as_of, history, cases)
    return {_NAMES[kind]: path for kind, path in written.items()}


def remember_run(settings: Settings, run_id: str, started_at: datetime, status: str) -> None:
    """Keep the published day's figures as a run, so that the next report can show whether things get better.

    The run writes its own row before its report, so it has no end yet.
    """
    with open_published(settings.stores.published) as published:
        summary = published.query(_SUMMARY).row(0, named=True)
        controls = published.query("select control_id, exceptions, amount_at_risk from recon.control_result order by control_id")
        batches = published.query("select count(*) as batches from landing.batch")["batches"][0]
        version, digest = published.query("select version, digest from policy.in_force").row(0)
    run = Run(
        run_id=run_id,
        as_of=summary["as_of"],
        started_at=started_at,
        finished_at=None,
        status=status,
        policy_version=version,
        policy_digest=digest,
        batches=batches,
        exceptions=summary["exceptions"],
        amount_at_risk=summary["amount_at_risk"],
        group_currency=summary["group_currency"],
        unexplained=summary["unexplained_lines"],
        controls=tuple(ControlCount(*row) for row in controls.iter_rows()),
    )
    with state_of(settings) as state:
        record_run(state, run)
