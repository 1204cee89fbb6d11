"""What the page lists one by one: exceptions with the records that prove them, and what is in flight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from q2c_pipeline.reports.contents import Contents
from q2c_pipeline.reports.formats import (
    amount_text,
    count_text,
    date_text,
    evidence_lines,
    leg_name,
    leg_sides,
    measure_name,
    number_text,
    period_text,
)
from q2c_pipeline.reports.records import SIDES, Line, Record, side_by_side
from q2c_pipeline.reports.standing import sentence
from q2c_pipeline.reports.values import Amount, amount, listed

MAX_EXCEPTIONS = 300
MAX_LINES = 12
MAX_TIMING = 100
_SEVERITY_TONES = {"critical": "bad", "high": "note"}
Row = dict[str, Any]


def exceptions(contents: Contents) -> list[Row]:
    """The largest exceptions, each with its records side by side."""
    shown = contents.exceptions.head(MAX_EXCEPTIONS)
    ids = shown["exception_id"].to_list()
    lines = side_by_side(contents.records.filter(contents.records["exception_id"].is_in(ids)))
    return [_exception(row, lines.get(row["exception_id"], []), contents) for row in shown.iter_rows(named=True)]


def _exception(row: Row, lines: Sequence[Line], contents: Contents) -> Row:
    more = len(lines) - MAX_LINES
    sides = leg_sides(row["leg"])
    return {
        **row,
        "said": _reason(row),
        "claim": contents.titles.get(row["control_id"], ""),
        "subject": row["subject_key"],
        "entity": row["legal_entity_code"] or "",
        "currency": row["currency"] or "",
        "period": period_text(row["first_period"], row["last_period"]),
        "difference": amount_text(row["difference_amount"], row["currency"]) if row["currency"] else "",
        "at_risk": _at_risk(row, contents.group_currency),
        "standing": sentence(row, contents.as_of),
        "tone": _SEVERITY_TONES.get(row["severity"], ""),
        "evidence": evidence_lines(row["evidence"])[:MAX_LINES],
        "sides": sides,
        "lines": [_records(line, sides) for line in lines[:MAX_LINES]],
        "more_lines": f"{count_text(more)} more lines stand in the workbook." if more > 0 else "",
    }


def _at_risk(row: Mapping[str, Any], group_currency: str) -> Amount:
    """The amount in group currency; a finding about no money has none, one in a currency without a rate says so."""
    if row["currency"] is None:
        return Amount("", is_zero=True)
    if row["amount_at_risk"] is None:
        return Amount("no rate", is_zero=False)
    return amount(row["amount_at_risk"], group_currency)


def _reason(row: Mapping[str, Any]) -> str:
    """The control's sentence; it speaks of one cell, so an exception of several says so."""
    many = row["cell_count"] is not None and row["cell_count"] > 1
    return f"One of {count_text(row['cell_count'])} differences: {row['reason']}" if many else str(row["reason"])


def _records(line: Line, sides: Sequence[str]) -> list[Row | None]:
    """The records of a line on the sides that the exception's leg compares; of the third nothing is known here."""
    by_side = dict(zip(SIDES, line, strict=True))
    return [_record(by_side.get(side.lower())) for side in sides]


def _record(record: Record | None) -> Row | None:
    if record is None:
        return None
    price = number_text(record["unit_price"])
    quantity = f"{number_text(record['quantity'])} at {price}" if price else ""
    facts = (date_text(record["record_date"]), quantity, record["record_status"], record["description"])
    return {
        "number": record["record_number"],
        "amount": f"{amount_text(record['amount'], record['currency'])} {record['currency'] or ''}",
        "facts": ", ".join(fact for fact in facts if fact),
        "source": f"{record['instance']}/{record['table_name']}/{record['source_id']}",
    }


def timing(contents: Contents) -> Row:
    """Differences inside their days of grace."""
    said = listed(contents.timing.height, MAX_TIMING, "differences that are inside their days of grace")
    rows = [_timing_row(row) for row in contents.timing.head(MAX_TIMING).iter_rows(named=True)]
    return {"said": said if rows else "No difference is inside its days of grace.", "rows": rows}


def _timing_row(row: Mapping[str, Any]) -> Row:
    return {
        "leg": leg_name(row["leg"]),
        "subject": row["subject_key"],
        "entity": row["legal_entity_code"],
        "period": period_text(row["period"]),
        "measure": measure_name(row["measure"]),
        "currency": row["currency"],
        **{name: amount(row[f"{name}_amount"], row["currency"]) for name in ("left", "right", "difference")},
    }
