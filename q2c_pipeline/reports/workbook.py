"""The Excel workbook: every figure of the run in sheets that can be filtered, checked and signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

from q2c_pipeline.reports.cells import Column, Kind, Sheet, Styles
from q2c_pipeline.reports.contents import Contents
from q2c_pipeline.reports.formats import with_names
from q2c_pipeline.reports.workbook_bridge import write_bridge
from q2c_pipeline.reports.workbook_queues import write_queues

_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_workbook(contents: Contents, target: Path) -> Path:
    """Write all sheets; the same contents give the same bytes."""
    with Workbook(str(target), _OPTIONS) as book:
        day = contents.as_of
        book.set_properties(
            {
                "title": f"Quote-to-cash reconciliation as of {day}",
                "created": datetime(day.year, day.month, day.day),  # noqa: DTZ001  (the format has no time zone)
            }
        )
        styles = Styles(book)
        _summary(Sheet(book, "Summary", styles), contents)
        write_bridge(Sheet(book, "Bridge", styles), contents)
        write_queues(book, styles, contents)
        _plain_sheets(book, styles, contents)
    return target


# Summary


def _summary(sheet: Sheet, contents: Contents) -> None:
    sheet.heading("Quote-to-cash reconciliation", contents.verdict)
    sheet.page.set_column(0, 0, 22)
    sheet.page.set_column(1, 12, 16)
    for label, column, value in _facts(contents):
        sheet.text(sheet.row, 0, label, sheet.styles.get(bold=True))
        sheet.value(sheet.row, 1, column, {"value": value, "currency": contents.group_currency})
        sheet.row += 1
    sheet.row += 1
    _section(sheet, "Legs", _LEG_COLUMNS, _legs(contents))
    _section(
        sheet,
        "Booked, billed, posted and recognised, all periods",
        _STATUS_COLUMNS,
        map(with_names, contents.statuses.iter_rows(named=True)),
    )
    _section(sheet, "Controls", _CONTROL_COLUMNS, _controls(contents))
    sheet.page.set_column(2, 2, 16)


def _facts(contents: Contents) -> Iterator[tuple[str, Column, Any]]:
    run, figures = contents.current_run, contents.figures
    yield "As of", Column("value", "", Kind.DATE), contents.as_of
    yield "Run", Column("value", ""), run.run_id if run else "not recorded"
    yield "Policy version", Column("value", ""), run.policy_version if run else None
    yield "Group currency", Column("value", ""), contents.group_currency
    yield "Exceptions", Column("value", "", Kind.COUNT), figures["exceptions"]
    yield "Of these, block a close", Column("value", "", Kind.COUNT), contents.material_exceptions
    yield "Amount at risk", Column("value", "", Kind.AMOUNT), figures["amount_at_risk"]
    yield "Lines of the bridge", Column("value", "", Kind.COUNT), figures["bridge_lines"]
    yield "Lines not explained", Column("value", "", Kind.COUNT), figures["unexplained_lines"]
    yield "Rejected records", Column("value", "", Kind.COUNT), figures["rejects"]


def _section(sheet: Sheet, title: str, columns: Sequence[Column], records: Iterator[Mapping[str, Any]]) -> None:
    sheet.page.write_string(sheet.row, 0, title, sheet.styles.get(bold=True, font_size=12))
    sheet.row += 1
    sheet.page.set_row(sheet.row, 30)
    sheet.table(columns, records, filtered=False)


_LEG_COLUMNS = (
    Column("leg_name", "Leg"),
    Column("status", "Status"),
    Column("controls", "Controls", Kind.COUNT),
    Column("controls_not_run", "Not run", Kind.COUNT),
    Column("exceptions", "Exceptions", Kind.COUNT),
    Column("amount_at_risk", "At risk (group currency)", Kind.AMOUNT, currency="group_currency"),
    Column("unexplained_lines", "Unexplained lines", Kind.COUNT),
)
_STATUS_COLUMNS = (
    Column("leg_name", "Leg"),
    Column("legal_entity_code", "Entity"),
    Column("currency", "Currency"),
    Column("measure_name", "Measure"),
    Column("left_amount", "Left side", Kind.AMOUNT),
    Column("right_amount", "Right side", Kind.AMOUNT),
    Column("difference_amount", "Difference", Kind.AMOUNT),
    Column("explained_amount", "Named causes", Kind.AMOUNT),
    Column("timing_amount", "In flight", Kind.AMOUNT),
    Column("unexplained_amount", "Unexplained", Kind.AMOUNT),
    Column("remainder_amount", "Remainder", Kind.AMOUNT),
    Column("status", "Status"),
)
_CONTROL_COLUMNS = (
    Column("control_id", "Control", width=9),
    Column("leg_name", "Leg", width=18),
    Column("population", "Looked at", Kind.COUNT),
    Column("exceptions", "Found", Kind.COUNT),
    Column("amount_at_risk", "At risk (group currency)", Kind.AMOUNT, width=18, currency="group_currency"),
    Column("status", "Status", width=12),
    Column("says", "Says", width=80),
)


def _legs(contents: Contents) -> Iterator[Mapping[str, Any]]:
    for record in contents.legs.iter_rows(named=True):
        yield {**with_names(record), "group_currency": contents.group_currency}


def _controls(contents: Contents) -> Iterator[Mapping[str, Any]]:
    for record in contents.controls.iter_rows(named=True):
        yield {**with_names(record), "group_currency": contents.group_currency}


# Controls, completeness, timing, rejects


def _plain_sheets(book: Workbook, styles: Styles, contents: Contents) -> None:
    sheet = Sheet(book, "Control results", styles)
    sheet.heading("Control results", "Every control with what it looked at; a control that found nothing says so.")
    sheet.table(_CONTROL_COLUMNS, _controls(contents))
    sheet = Sheet(book, "Completeness", styles)
    sheet.heading("Completeness", "What each newest delivery should hold by the source's own figures, and what arrived.")
    sheet.table(_COMPLETENESS_COLUMNS, contents.completeness.iter_rows(named=True))
    sheet = Sheet(book, "Timing", styles)
    sheet.heading("Timing", "Differences inside their days of grace: in flight, not exceptions.")
    sheet.table(_TIMING_COLUMNS, map(with_names, contents.timing.iter_rows(named=True)))
    sheet = Sheet(book, "Rejects", styles)
    sheet.heading(
        "Rejects", "Records that could not be read; they sit in quarantine until the source is repaired. Tax ids are masked."
    )
    sheet.table(_REJECT_COLUMNS, contents.rejects.iter_rows(named=True))


_COMPLETENESS_COLUMNS = (
    Column("instance", "Instance", width=18),
    Column("object_name", "Object", width=26),
    Column("as_of", "As of", Kind.DATE, 11),
    Column("source_rows", "Source says", Kind.COUNT),
    Column("landed_rows", "Landed", Kind.COUNT),
    Column("loaded_rows", "Loaded", Kind.COUNT),
    Column("rejected_rows", "Rejected", Kind.COUNT),
    Column("checks", "Figures compared", Kind.COUNT, 16),
    Column("failed_checks", "Not met", Kind.COUNT),
    Column("first_failure", "First figure not met", width=50),
    Column("figures", "What the source says", width=80),
)
_TIMING_COLUMNS = (
    Column("leg_name", "Leg", width=18),
    Column("subject_key", "Subject", width=22),
    Column("legal_entity_code", "Entity", width=8),
    Column("currency", "Currency", width=9),
    Column("period", "Period", Kind.PERIOD, 9),
    Column("measure_name", "Measure", width=18),
    Column("left_amount", "Left side", Kind.AMOUNT, 16),
    Column("right_amount", "Right side", Kind.AMOUNT, 16),
    Column("difference_amount", "Difference", Kind.AMOUNT, 16),
)
_REJECT_COLUMNS = (
    Column("instance", "Instance", width=18),
    Column("object_name", "Object", width=22),
    Column("source_id", "Record", width=24),
    Column("row_number", "Row", Kind.COUNT, 8),
    Column("field_name", "Field", width=22),
    Column("value", "Value", width=30),
    Column("reason", "Reason", width=50),
    Column("is_unknown_enum", "Unknown value", width=13),
    Column("batch_id", "Batch", width=24),
)
