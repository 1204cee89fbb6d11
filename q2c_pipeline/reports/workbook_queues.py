"""The sheets of exceptions, one a queue: what is wrong, how far its case is, and the records of each side beside one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlsxwriter import Workbook

from q2c_pipeline.reports.cells import Column, Kind, Sheet, Styles
from q2c_pipeline.reports.contents import Contents
from q2c_pipeline.reports.formats import evidence_lines
from q2c_pipeline.reports.records import SIDES, Line, side_by_side

_SHEET_NAME = 31
_FORBIDDEN = str.maketrans("[]:*?/\\'", "        ")


def write_queues(book: Workbook, styles: Styles, contents: Contents) -> None:
    """A sheet a queue."""
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
