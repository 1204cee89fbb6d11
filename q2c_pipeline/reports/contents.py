"""Everything that a report shows, read once from the published warehouse; nothing here is calculated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import polars as pl

from q2c_pipeline.errors import StoreError
from q2c_pipeline.reports.formats import amount_text, counted
from q2c_pipeline.reports.privacy import masked
from q2c_pipeline.reports.standing import with_standing
from q2c_pipeline.state.runs import Run


class Reader(Protocol):
    """What reports need of a warehouse: rows of a SELECT."""

    def query(self, sql: str) -> pl.DataFrame:
        """Rows of the SELECT as a frame."""
        ...


_QUERIES = {
    "summary": """
        select as_of, group_currency, exceptions, amount_at_risk, unrated_exceptions, bridge_lines, unexplained_lines,
               timing_lines, controls_not_run, rejects
        from mart.run_summary""",
    "catalogue": "select control_id, leg, claim, severity, says, repair from control.catalogue order by control_id",
    "legs": """
        select leg, controls, controls_not_run, exceptions, amount_at_risk, unexplained_lines, status
        from mart.leg_result order by leg""",
    "statuses": """
        select leg, legal_entity_code, currency, measure, periods, left_amount, right_amount, difference_amount,
               explained_amount, timing_amount, unexplained_amount, remainder_amount, unexplained_periods, status
        from mart.leg_status order by leg, legal_entity_code, currency, measure""",
    "steps": """
        select leg, legal_entity_code, currency, measure, cause, cause_amount, periods
        from mart.bridge_step order by leg, legal_entity_code, currency, measure, cause""",
    "lines": """
        select leg, legal_entity_code, currency, period, measure, left_amount, right_amount, difference_amount,
               explained_amount, timing_amount, unexplained_amount, remainder_amount
        from mart.bridge_line order by leg, legal_entity_code, currency, period, measure""",
    "causes": """
        select leg, legal_entity_code, currency, period, measure, cause, cause_amount
        from recon.bridge order by leg, legal_entity_code, currency, period, measure, cause""",
    "exceptions": """
        select e.exception_id, e.control_id, e.leg, e.subject_key, e.legal_entity_code, e.currency, e.first_period, e.last_period,
               e.cell_count, e.difference_amount, e.amount_at_risk, e.severity, e.owner, e.reason, e.repair, e.evidence,
               replace(e.queue, '_', ' ') as queue, m.is_material
        from recon.exception as e inner join recon.materiality as m on e.exception_id = m.exception_id
        order by e.amount_at_risk desc nulls last, e.control_id, e.subject_key, e.exception_id""",
    "records": """
        select exception_id, side, instance, table_name, source_id, record_number, record_date, service_start_date,
               currency, quantity, unit_price, amount, record_status, description
        from mart.exception_record
        order by exception_id, side, service_start_date nulls last, record_date nulls last, record_number, source_id""",
    "ages": "select age_bucket, bucket_order, exceptions, amount_at_risk from mart.ageing order by bucket_order",
    "queues": """
        select replace(queue, '_', ' ') as queue, exceptions, critical, high, amount_at_risk
        from mart.queue_load order by queue""",
    "controls": """
        select control_id, leg, says, population, exceptions, amount_at_risk, status
        from recon.control_result order by control_id""",
    "timing": """
        select leg, subject_key, legal_entity_code, currency, period, measure, left_amount, right_amount, difference_amount
        from recon.timing order by leg, legal_entity_code, currency, period, subject_key, measure, cell_id""",
    "completeness": """
        select instance, object_name, as_of, source_rows, landed_rows, loaded_rows, rejected_rows, checks, failed_checks,
               figures, first_failure
        from mart.completeness order by instance, object_name""",
    "reject_counts": """
        select instance, object_name, field_name, reason, rejects
        from mart.reject_summary order by rejects desc, instance, object_name, field_name, reason""",
    "rejects": """
        select instance, object_name, source_id, row_number, field_name, "value", reason, is_unknown_enum, batch_id
        from canonical.open_reject order by instance, object_name, source_id, row_number, field_name""",
}


@dataclass(frozen=True)
class Contents:
    """The tables behind one workbook and one page, in the order in which they are shown."""

    as_of: date
    runs: Sequence[Run]
    summary: pl.DataFrame
    catalogue: pl.DataFrame
    legs: pl.DataFrame
    statuses: pl.DataFrame
    steps: pl.DataFrame
    lines: pl.DataFrame
    causes: pl.DataFrame
    exceptions: pl.DataFrame
    records: pl.DataFrame
    ages: pl.DataFrame
    queues: pl.DataFrame
    controls: pl.DataFrame
    timing: pl.DataFrame
    completeness: pl.DataFrame
    reject_counts: pl.DataFrame
    rejects: pl.DataFrame

    @property
    def figures(self) -> dict[str, Any]:
        """The one row of the run's summary."""
        return self.summary.row(0, named=True)

    @property
    def group_currency(self) -> str:
        """Currency of every amount at risk."""
        return str(self.figures["group_currency"])

    @property
    def current_run(self) -> Run | None:
        """The newest run of this day, if the history knows one."""
        return next((run for run in reversed(self.runs) if run.as_of == self.as_of), None)

    @property
    def verdict(self) -> str:
        """One sentence on the night: what an auditor reads first."""
        figures = self.figures
        if not figures["bridge_lines"]:
            return "Nothing was compared: no leg has both of its sides"
        if figures["unexplained_lines"]:
            return f"{figures['unexplained_lines']:,} of {figures['bridge_lines']:,} lines of the bridge are not fully explained"
        if figures["exceptions"]:
            at_risk = f"{amount_text(figures['amount_at_risk'], self.group_currency)} {self.group_currency} at risk"
            unrated = f", {figures['unrated_exceptions']:,} without a rate" if figures["unrated_exceptions"] else ""
            found = counted(figures["exceptions"], "exception")
            return f"Every cent of difference has a named cause: {found}, {at_risk}{unrated}{self._blocking}"
        agrees = "Booked, billed and posted agree to the cent"
        return f"{agrees}, but for what is in flight" if figures["timing_lines"] else agrees

    @property
    def material_exceptions(self) -> int:
        """How many exceptions are large enough to block a close."""
        return int(self.exceptions["is_material"].sum())

    @property
    def _blocking(self) -> str:
        """Said only where the policy's limits of materiality let some pass."""
        blocking = self.material_exceptions
        return "" if blocking == self.exceptions.height else f"; {blocking:,} of them block a close"

    @property
    def is_clean(self) -> bool:
        """Whether everything was compared and nothing was found."""
        figures = self.figures
        return bool(figures["bridge_lines"]) and not any(
            figures[name] for name in ("unexplained_lines", "exceptions", "controls_not_run")
        )

    @property
    def titles(self) -> dict[str, str]:
        """Control id -> the claim it makes in two or three words: BB04 -> price drift."""
        claims = self.catalogue.select("control_id", "claim").iter_rows()
        return {control_id: claim.removeprefix(f"{control_id.lower()}_").replace("_", " ") for control_id, claim in claims}


def read_contents(reader: Reader, as_of: date, run_history: Sequence[Run], standing: pl.DataFrame | None = None) -> Contents:
    """Read all tables, and beside each exception where its case stands; a warehouse published for another day is refused."""
    frames = {name: masked(reader.query(sql)) for name, sql in _QUERIES.items()}
    _check_day(frames["summary"], as_of)
    frames["exceptions"] = with_standing(frames["exceptions"], standing, as_of)
    history = [run for run in run_history if run.as_of <= as_of]
    return Contents(as_of=as_of, runs=history, **frames)


def _check_day(summary: pl.DataFrame, as_of: date) -> None:
    found = summary["as_of"].to_list()
    if found != [as_of]:
        raise StoreError(
            expected=f"a warehouse published for {as_of}",
            found=f"one of {', '.join(map(str, found)) or 'no day'}",
            where="mart.run_summary",
            next_step=f"run the night of {as_of} first, or ask for the reports of the published day",
        )
