"""The Excel workbook: every figure of the run in sheets that can be filtered, checked and signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from q2c_pipeline.reports.cells import Column, Kind, Sheet, Styles
from q2c_pipeline.reports.contents import Contents
from q2c_pipeline.reports.formats import evidence_lines, leg_name, measure_name
from q2c_pipeline.reports.records import SIDES, Line, side_by_side

_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_BRIDGE_KEY = ("leg", "legal_entity_code", "currency", "period", "measure")
_PLAIN_CAUSES = ("timing", "unexplained")
_BRIDGE_PRINT_SCALE = 55
_SHEET_NAME = 31
_FORBIDDEN = str.maketrans("[]:*?/\\'", "        ")


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
        _bridge(Sheet(book, "Bridge", styles), contents)
        _queues(book, styles, contents)
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
        sheet, "Booked, billed and posted, all periods", _STATUS_COLUMNS, map(_named, contents.statuses.iter_rows(named=True))
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


def _named(record: Mapping[str, Any]) -> dict[str, Any]:
    names = {"leg_name": leg_name(record["leg"])}
    if "measure" in record:
        names["measure_name"] = measure_name(record["measure"])
    return {**record, **names}


def _legs(contents: Contents) -> Iterator[Mapping[str, Any]]:
    for record in contents.legs.iter_rows(named=True):
        yield {**_named(record), "group_currency": contents.group_currency}


def _controls(contents: Contents) -> Iterator[Mapping[str, Any]]:
    for record in contents.controls.iter_rows(named=True):
        yield {**_named(record), "group_currency": contents.group_currency}


# Bridge


def _bridge(sheet: Sheet, contents: Contents) -> None:
    named = sorted(set(contents.causes["cause"].unique()) - set(_PLAIN_CAUSES))
    sheet.heading(
        "Bridge",
        "Difference = sum of its causes, per leg, entity, currency, period and measure. "
        "The live check is computed by Excel; the remainder beside it by the warehouse: both must be zero.",
    )
    columns = [*_BRIDGE_COLUMNS, *(_cause_column(cause, contents.titles) for cause in (*named, *_PLAIN_CAUSES))]
    checks = [Column("check", "Live check", width=12), Column("remainder_amount", "Remainder", Kind.AMOUNT)]
    sheet.page.set_row(sheet.row, 42)
    sheet.print_over_pages(_BRIDGE_PRINT_SCALE, repeated_columns=len(_BRIDGE_KEY))
    top = sheet.row
    left_out = sheet.table([*columns, *checks], _bridge_rows(contents))
    remainders = contents.lines["remainder_amount"].to_list()[: contents.lines.height - left_out]
    _live_checks(sheet, top, remainders, len(_BRIDGE_COLUMNS), len(columns))
    sheet.page.freeze_panes(top + 1, len(_BRIDGE_KEY))


_BRIDGE_COLUMNS = (
    Column("leg_name", "Leg", width=16),
    Column("legal_entity_code", "Entity", width=8),
    Column("currency", "Currency", width=9),
    Column("period", "Period", Kind.PERIOD, 9),
    Column("measure_name", "Measure", width=16),
    Column("left_amount", "Left side", Kind.AMOUNT, 16),
    Column("right_amount", "Right side", Kind.AMOUNT, 16),
    Column("difference_amount", "Difference", Kind.AMOUNT, 14),
)


def _cause_column(cause: str, titles: Mapping[str, str]) -> Column:
    title = (
        "In flight" if cause == "timing" else cause.capitalize() if cause == "unexplained" else f"{cause} {titles.get(cause, '')}"
    )
    return Column(f"cause {cause}", title.strip(), Kind.AMOUNT, 13)


def _bridge_rows(contents: Contents) -> Iterator[Mapping[str, Any]]:
    """Lines of the bridge with one entry a cause; both frames come in the same order."""
    amounts = {
        key: {f"cause {row['cause']}": row["cause_amount"] for row in rows}
        for key, rows in groupby(contents.causes.iter_rows(named=True), key=_key)
    }
    for line in contents.lines.iter_rows(named=True):
        yield {**_named(line), **amounts.get(_key(line), {})}


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _BRIDGE_KEY)


def _live_checks(sheet: Sheet, top: int, remainders: Sequence[Decimal], first_cause: int, check: int) -> None:
    """Formulas that add the causes up again, and one that counts the lines that do not close."""
    difference, start, end = (xl_col_to_name(place) for place in (first_cause - 1, first_cause, check - 1))
    style = sheet.styles.amount(2)
    for row, remainder in enumerate(remainders, start=top + 1):
        formula = f"=ROUND({difference}{row + 1}-SUM({start}{row + 1}:{end}{row + 1}),4)"
        sheet.page.write_formula(row, check, formula, style, remainder)  # shown by viewers that do not calculate
    column = xl_col_to_name(check)
    last = top + 1 + max(len(remainders), 1)
    sheet.page.write_string(2, 0, "Lines that do not close (live)", sheet.styles.get(bold=True))
    formula = f'=COUNTIF({column}{top + 2}:{column}{last},"<>0")-COUNTBLANK({column}{top + 2}:{column}{last})'
    still_open = sum(1 for remainder in remainders if remainder)
    sheet.page.write_formula(2, 4, formula, sheet.styles.get(bold=True, align="left"), still_open)
    alarm = sheet.styles.get(bg_color="#F8D7D3", font_color="#8C1D13")
    sheet.page.conditional_format(
        top + 1, check, last - 1, check + 1, {"type": "cell", "criteria": "!=", "value": 0, "format": alarm}
    )


# Exceptions


def _queues(book: Workbook, styles: Styles, contents: Contents) -> None:
    lines = side_by_side(contents.records)
    taken = {"summary", "bridge", "control results", "completeness", "timing", "rejects"}
    for queue in contents.queues["queue"].to_list():
        sheet = Sheet(book, sheet_name(queue, taken), styles)
        sheet.heading(
            f"Exceptions: {queue}",
            "Largest amount at risk first. An exception's own amounts stand on its first line only, so that sums are right.",
        )
        sheet.page.set_row(sheet.row, 30)
        sheet.table(_exception_columns(contents.group_currency), _exception_rows(contents, str(queue), lines))


def sheet_name(wanted: str, taken: set[str]) -> str:
    """A name that Excel accepts and that no other sheet has; it is added to `taken`."""
    base = " ".join(wanted.translate(_FORBIDDEN).split())[:_SHEET_NAME] or "queue"
    name, number = base, 2
    while name.lower() in taken:
        suffix = f" {number}"
        name, number = base[: _SHEET_NAME - len(suffix)] + suffix, number + 1
    taken.add(name.lower())
    return name


def _exception_columns(group_currency: str) -> list[Column]:
    facts = [
        Column("exception_id", "Exception", width=18),
        Column("control_id", "Control", width=9),
        Column("claim", "Cause", width=20),
        Column("severity", "Severity", width=9),
        Column("materiality", "Material", width=9),
        Column("case_status", "Case", width=12),
        Column("assignee", "Assigned to", width=12),
        Column("due_on", "Due", Kind.DATE, 11),
        Column("age_days", "Days old", Kind.COUNT, 8),
        Column("subject_key", "Subject", width=18),
        Column("legal_entity_code", "Entity", width=8),
        Column("currency", "Currency", width=9),
        Column("first_period", "First period", Kind.PERIOD, 9),
        Column("last_period", "Last period", Kind.PERIOD, 9),
        Column("cell_count", "Cells", Kind.COUNT, 7),
        Column("difference_amount", "Difference", Kind.AMOUNT, 14),
        Column("amount_at_risk", f"At risk {group_currency}", Kind.AMOUNT, 14, currency="group_currency"),
        Column("reason", "Reason (of one cell)", width=60),
        Column("repair", "Repair", width=30),
    ]
    sides = [column for side in SIDES for column in _side_columns(side)]
    return [*facts, *sides, Column("evidence", "Evidence (instance/table/id)", width=50)]


def _side_columns(side: str) -> list[Column]:
    title = side.capitalize()
    return [
        Column(f"{side} record_number", f"{title}: number", width=18),
        Column(f"{side} record_date", f"{title}: date", Kind.DATE, 11),
        Column(f"{side} service_start_date", f"{title}: service from", Kind.DATE, 11),
        Column(f"{side} quantity", f"{title}: quantity", Kind.NUMBER, 10),
        Column(f"{side} unit_price", f"{title}: unit price", Kind.NUMBER, 11),
        Column(f"{side} currency", f"{title}: currency", width=9),
        Column(f"{side} amount", f"{title}: amount", Kind.AMOUNT, 14, currency=f"{side} currency"),
        Column(f"{side} record_status", f"{title}: status", width=10),
        Column(f"{side} source", f"{title}: record", width=30),
    ]


def _exception_rows(contents: Contents, queue: str, lines: Mapping[str, Sequence[Line]]) -> Iterator[Mapping[str, Any]]:
    for exception in contents.exceptions.iter_rows(named=True):
        if exception["queue"] != queue:
            continue
        own = {
            **exception,
            "claim": contents.titles.get(exception["control_id"]),
            "materiality": "yes" if exception["is_material"] else "no",
            "group_currency": contents.group_currency,
            "evidence": "\n".join(evidence_lines(exception["evidence"])),
        }
        repeated = {name: own[name] for name in ("exception_id", "control_id", "claim", "severity", "subject_key")}
        for place, line in enumerate(lines.get(exception["exception_id"]) or [(None, None, None)]):
            yield {**(repeated if place else own), **_side_values(line)}


def _side_values(line: Line) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for side, record in zip(SIDES, line, strict=True):
        if record is not None:
            values |= {f"{side} {name}": value for name, value in record.items()}
            values[f"{side} source"] = f"{record['instance']}/{record['table_name']}/{record['source_id']}"
    return values


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
    sheet.table(_TIMING_COLUMNS, map(_named, contents.timing.iter_rows(named=True)))
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
