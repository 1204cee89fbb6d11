"""What the page says, as plain data: every text already formatted, so that the template only places it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any

from markupsafe import Markup

from q2c_pipeline.reports import charts
from q2c_pipeline.reports.contents import Contents
from q2c_pipeline.reports.formats import (
    HEADLINE_MEASURES,
    amount_text,
    count_text,
    counted,
    date_text,
    evidence_lines,
    leg_name,
    leg_sides,
    measure_name,
    number_text,
    period_text,
)
from q2c_pipeline.reports.records import SIDES, Line, Record, side_by_side
from q2c_pipeline.state.runs import Run

MAX_EXCEPTIONS = 300
MAX_LINES = 12
MAX_TIMING = 100
_Row = dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """A verdict that does not depend on colour: an icon, a word, and a tone."""

    word: str
    tone: str
    icon: str


@dataclass(frozen=True)
class Amount:
    """An amount as text, and whether it is nothing."""

    text: str
    is_zero: bool


GOOD, NOTE, BAD = ("good", "✓"), ("note", "●"), ("bad", "▲")
_STATES = {
    "agrees": ("agrees", GOOD),
    "explained": ("explained", NOTE),
    "unexplained": ("unexplained", BAD),
    "ok": ("nothing found", GOOD),
    "exceptions": ("exceptions", NOTE),
    "not_run": ("not run", BAD),
}
_SEVERITY_TONES = {"critical": "bad", "high": "note"}
_KEY = (
    (charts.TOTAL, "whole difference"),
    (charts.MORE, "left side is larger"),
    (charts.LESS, "right side is larger"),
    (charts.FLIGHT, "in flight, inside its grace"),
    (charts.UNEXPLAINED, "unexplained"),
)


@dataclass(frozen=True)
class Page:
    """The page's parts in reading order."""

    as_of: str
    group_currency: str
    verdict: Mark
    facts: Sequence[tuple[str, str]]
    legs: Sequence[_Row]
    statuses: Sequence[_Row]
    bridges: Sequence[_Row]
    causes: Sequence[_Row]
    ages: _Row
    queues: _Row
    exceptions: Sequence[_Row]
    exceptions_said: str
    timing: _Row
    trend: _Row
    controls: Sequence[_Row]
    completeness: _Row
    rejects: _Row
    key: Sequence[tuple[str, str]] = field(default_factory=lambda: [(charts.COLOURS[kind], says) for kind, says in _KEY])


def build_page(contents: Contents) -> Page:
    """Everything that the template shows."""
    return Page(
        as_of=date_text(contents.as_of),
        group_currency=contents.group_currency,
        verdict=_verdict(contents),
        facts=list(_facts(contents)),
        legs=[_leg(row, contents.group_currency) for row in contents.legs.iter_rows(named=True)],
        statuses=[_status_table(leg, list(rows)) for leg, rows in _by_leg(contents)],
        bridges=[_bridge(leg, list(rows), contents) for leg, rows in _by_leg(contents)],
        causes=_causes(contents),
        ages=_ages(contents),
        queues=_queues(contents),
        exceptions=_exceptions(contents),
        exceptions_said=_listed(contents.exceptions.height, MAX_EXCEPTIONS, "exceptions, largest amount at risk first"),
        timing=_timing(contents),
        trend=_trend(contents.runs),
        controls=[_control(row, contents.group_currency) for row in contents.controls.iter_rows(named=True)],
        completeness=_completeness(contents),
        rejects=_rejects(contents),
    )


def _amount(value: Decimal | None, currency: str | None) -> Amount:
    return Amount(amount_text(value, currency), is_zero=not value)


def _mark(status: str) -> Mark:
    word, (tone, icon) = _STATES.get(status, (status, NOTE))
    return Mark(word, tone, icon)


def _listed(count: int, most: int, what: str) -> str:
    """How many of how many are shown, so that nobody takes a part for the whole."""
    if count <= most:
        return f"All {count_text(count)} {what}."
    return f"{count_text(most)} of {count_text(count)} {what}. The workbook lists all."


def _verdict(contents: Contents) -> Mark:
    if contents.figures["unexplained_lines"] or not contents.figures["bridge_lines"]:
        return Mark(contents.verdict, *BAD)
    return Mark(contents.verdict, *(GOOD if contents.is_clean else NOTE))


def _facts(contents: Contents) -> Iterator[tuple[str, str]]:
    run = contents.current_run
    if run is not None:
        yield "Run", run.run_id
        yield "Policy version", run.policy_version
        yield "Batches landed", count_text(run.batches)
    yield "Lines of the bridge", count_text(contents.figures["bridge_lines"])
    if contents.figures["controls_not_run"]:
        yield "Controls not run", count_text(contents.figures["controls_not_run"])
    yield "Rejected records", count_text(contents.figures["rejects"])
    yield "Group currency", contents.group_currency


# Status and bridge


def _by_leg(contents: Contents) -> Iterator[tuple[str, Iterator[_Row]]]:
    return groupby(contents.statuses.iter_rows(named=True), key=lambda row: str(row["leg"]))


def _leg(row: Mapping[str, Any], group_currency: str) -> _Row:
    unrun = f", {count_text(row['controls_not_run'])} not run" if row["controls_not_run"] else ""
    at_risk = row["amount_at_risk"]
    return {
        "name": leg_name(row["leg"]),
        "exceptions": count_text(row["exceptions"]),
        "noun": "exception" if row["exceptions"] == 1 else "exceptions",
        "at_risk": f"{amount_text(at_risk, group_currency)} {group_currency} at risk" if at_risk else "no amount at risk",
        "controls": f"{counted(row['controls'], 'control')}{unrun}",
        "mark": _mark("explained" if row["status"] == "exceptions" and row["unexplained_lines"] is not None else row["status"]),
    }


def _status_table(leg: str, rows: Sequence[_Row]) -> _Row:
    left, right = leg_sides(leg)
    groups = groupby(rows, key=lambda row: (row["legal_entity_code"], row["currency"]))
    books = [sorted(group, key=lambda row: (row["measure"] not in HEADLINE_MEASURES, row["measure"])) for _, group in groups]
    shown = [{**_status(row), "span": len(book) if not place else 0} for book in books for place, row in enumerate(book)]
    return {"name": leg_name(leg), "left": left, "right": right, "rows": shown}


def _status(row: Mapping[str, Any]) -> _Row:
    names = ("left", "right", "difference", "explained", "timing", "unexplained")
    return {
        "entity": row["legal_entity_code"],
        "currency": row["currency"],
        "measure": measure_name(row["measure"]),
        "mark": _mark(row["status"]),
        **{name: _amount(row[f"{name}_amount"], row["currency"]) for name in names},
    }


def _bridge(leg: str, rows: Sequence[_Row], contents: Contents) -> _Row:
    """A leg's charts: one for each entity and currency that differs, of its headline measure if that differs."""
    steps: dict[tuple[Any, ...], list[_Row]] = {}
    for step in contents.steps.iter_rows(named=True):
        steps.setdefault((step["leg"], step["legal_entity_code"], step["currency"], step["measure"]), []).append(step)
    moved = [(row, steps.get((leg, row["legal_entity_code"], row["currency"], row["measure"]), [])) for row in rows]
    return {
        "name": leg_name(leg),
        "charts": [_waterfall(row, found, contents.titles) for row, found in _headlines([pair for pair in moved if pair[1]])],
        "agreeing": _agreeing(moved),
    }


def _headlines(moved: Sequence[tuple[_Row, list[_Row]]]) -> list[tuple[_Row, list[_Row]]]:
    best: dict[tuple[str, str], tuple[_Row, list[_Row]]] = {}
    for row, found in moved:
        key = (row["legal_entity_code"], row["currency"])
        if key not in best or row["measure"] in HEADLINE_MEASURES:
            best[key] = (row, found)
    return list(best.values())


def _agreeing(moved: Sequence[tuple[_Row, list[_Row]]]) -> str:
    same = sum(1 for _, found in moved if not found)
    if same == len(moved):
        return f"All {same} comparisons agree to the cent."
    return f"{same} of {len(moved)} comparisons agree to the cent." if same else ""


def _waterfall(row: Mapping[str, Any], found: Sequence[_Row], titles: Mapping[str, str]) -> _Row:
    left, right = leg_sides(row["leg"])
    currency = row["currency"]
    ordered = sorted(found, key=lambda step: (step["cause"] == "unexplained", step["cause"] == "timing", step["cause"]))
    steps = [charts.Step(_cause(step["cause"], titles), step["cause_amount"], _kind(step)) for step in ordered]
    whole = charts.Step("Difference", row["difference_amount"], charts.TOTAL)
    texts = [amount_text(row[name], currency) for name in ("left_amount", "right_amount", "difference_amount")]
    said = ", ".join(f"{step.label} {amount_text(step.amount, currency)}" for step in steps)
    figures = [
        {"label": step.label, "periods": count_text(source["periods"]), "amount": _amount(step.amount, currency)}
        for step, source in zip(steps, ordered, strict=True)
    ]
    return {
        "title": f"{row['legal_entity_code']}, {currency}, {measure_name(row['measure'])}",
        "sum": f"{left} {texts[0]} less {right.lower()} {texts[1]} = {texts[2]} {currency}",
        "label": f"Bridge of {texts[2]} {currency}: {said}",
        "currency": currency,
        "svg": charts.waterfall([whole, *steps], currency),
        "steps": figures,
    }


def _cause(cause: str, titles: Mapping[str, str]) -> str:
    plain = {"timing": "In flight", "unexplained": "Unexplained"}
    return plain.get(cause) or f"{cause} {titles.get(cause, '')}".strip()


def _kind(step: Mapping[str, Any]) -> str:
    if step["cause"] in {"timing", "unexplained"}:
        return {"timing": charts.FLIGHT, "unexplained": charts.UNEXPLAINED}[step["cause"]]
    return charts.MORE if step["cause_amount"] >= 0 else charts.LESS


# Causes, ages, queues


def _bars(rows: Sequence[_Row], currency: str) -> list[_Row]:
    """Rows with the width of a bar in percent of the largest amount; where no money is at risk, of the largest count."""
    key = "amount_at_risk" if any(row["amount_at_risk"] for row in rows) else "exceptions"
    most = max((Decimal(row[key] or 0) for row in rows), default=Decimal(0)) or Decimal(1)
    return [
        {
            **row,
            "count": count_text(row["exceptions"]),
            "at_risk": _amount(row["amount_at_risk"], currency),
            "width": f"{100 * Decimal(row[key] or 0) / most:.1f}",
        }
        for row in rows
    ]


def _causes(contents: Contents) -> list[_Row]:
    found = [row for row in contents.controls.iter_rows(named=True) if row["exceptions"]]
    found.sort(key=lambda row: (-(row["amount_at_risk"] or 0), -row["exceptions"], row["control_id"]))
    return _bars([{**row, "name": _cause(row["control_id"], contents.titles)} for row in found], contents.group_currency)


def _ages(contents: Contents) -> _Row:
    rows = [{**row, "name": row["age_bucket"], "note": ""} for row in contents.ages.iter_rows(named=True)]
    return {"title": "By age", "head": "Age", "rows": _bars(rows, contents.group_currency)}


def _queues(contents: Contents) -> _Row:
    rows = [{**row, "name": row["queue"], "note": _urgent(row)} for row in contents.queues.iter_rows(named=True)]
    return {"title": "By queue", "head": "Queue", "rows": _bars(rows, contents.group_currency)}


def _urgent(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{count_text(row[name])} {name}" for name in ("critical", "high") if row[name])


# Exceptions


def _exceptions(contents: Contents) -> list[_Row]:
    shown = contents.exceptions.head(MAX_EXCEPTIONS)
    ids = shown["exception_id"].to_list()
    lines = side_by_side(contents.records.filter(contents.records["exception_id"].is_in(ids)))
    return [_exception(row, lines.get(row["exception_id"], []), contents) for row in shown.iter_rows(named=True)]


def _exception(row: _Row, lines: Sequence[Line], contents: Contents) -> _Row:
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
    return _amount(row["amount_at_risk"], group_currency)


def _reason(row: Mapping[str, Any]) -> str:
    """The control's sentence; it speaks of one cell, so an exception of several says so."""
    many = row["cell_count"] is not None and row["cell_count"] > 1
    return f"One of {count_text(row['cell_count'])} differences: {row['reason']}" if many else str(row["reason"])


def _records(line: Line, sides: Sequence[str]) -> list[_Row | None]:
    """The records of a line on the sides that the exception's leg compares; of the third nothing is known here."""
    by_side = dict(zip(SIDES, line, strict=True))
    return [_record(by_side.get(side.lower())) for side in sides]


def _record(record: Record | None) -> _Row | None:
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


def _timing(contents: Contents) -> _Row:
    said = _listed(contents.timing.height, MAX_TIMING, "differences that are inside their days of grace")
    rows = [_timing_row(row) for row in contents.timing.head(MAX_TIMING).iter_rows(named=True)]
    return {"said": said if rows else "No difference is inside its days of grace.", "rows": rows}


def _timing_row(row: Mapping[str, Any]) -> _Row:
    return {
        "leg": leg_name(row["leg"]),
        "subject": row["subject_key"],
        "entity": row["legal_entity_code"],
        "period": period_text(row["period"]),
        "measure": measure_name(row["measure"]),
        "currency": row["currency"],
        **{name: _amount(row[f"{name}_amount"], row["currency"]) for name in ("left", "right", "difference")},
    }


# Trend, controls, completeness, rejects


def _trend(runs: Sequence[Run]) -> _Row:
    """The newest run of each day, as two lines."""
    days = list({run.as_of: run for run in runs}.values())
    currencies = {run.group_currency for run in days}
    pictures = []
    if len(days) > 1:
        pictures.append(_line("Exceptions", days, [Decimal(run.exceptions) for run in days]))
    if len(days) > 1 and len(currencies) == 1:
        pictures.append(_line(f"Amount at risk, {currencies.pop()}", days, [run.amount_at_risk for run in days]))
    return {"charts": pictures, "days": len(days) or "none", "rows": [_run(run) for run in reversed(days)]}


def _line(title: str, days: Sequence[Run], values: Sequence[Decimal]) -> _Row:
    label = f"{title}: from {values[0]:,f} on {days[0].as_of} to {values[-1]:,f} on {days[-1].as_of}"
    svg: Markup = charts.trend([date_text(run.as_of) for run in days], values)
    return {"title": title, "label": label, "svg": svg}


def _run(run: Run) -> _Row:
    return {
        "as_of": date_text(run.as_of),
        "run_id": run.run_id,
        "status": run.status,
        "exceptions": count_text(run.exceptions),
        "at_risk": _amount(run.amount_at_risk, run.group_currency),
        "currency": run.group_currency,
        "unexplained": count_text(run.unexplained),
    }


def _control(row: _Row, group_currency: str) -> _Row:
    return {
        **row,
        "leg": leg_name(row["leg"]),
        "population": count_text(row["population"]),
        "found": count_text(row["exceptions"]),
        "at_risk": _amount(row["amount_at_risk"], group_currency),
        "mark": _mark(row["status"]),
    }


def _completeness(contents: Contents) -> _Row:
    rows = [_delivery(row) for row in contents.completeness.iter_rows(named=True)]
    short = sum(row["mark"].tone == "bad" for row in rows)
    said = f"{short} of {len(rows)} newest deliveries do not hold what the source says." if short else (
        f"All {len(rows)} newest deliveries hold what their sources say."
    )  # fmt: skip
    return {"said": f"{said} Landed = loaded + rejected.", "rows": rows}


def _delivery(row: _Row) -> _Row:
    mark = Mark("complete", *GOOD) if row["checks"] else Mark("nothing to compare", *NOTE)
    return {
        **row,
        "as_of": date_text(row["as_of"]),
        "source": count_text(row["source_rows"]) or "not stated",
        "landed": count_text(row["landed_rows"]),
        "loaded": count_text(row["loaded_rows"]),
        "rejected": count_text(row["rejected_rows"]),
        "mark": Mark("incomplete", *BAD) if row["failed_checks"] else mark,
        "detail": row["first_failure"] or row["figures"] or "",
    }


def _rejects(contents: Contents) -> _Row:
    rows = [{**row, "count": count_text(row["rejects"])} for row in contents.reject_counts.iter_rows(named=True)]
    count = count_text(contents.figures["rejects"])
    said = f"{count} records could not be read and sit in quarantine; each is an exception and stands in the workbook."
    return {"said": said if rows else "Every record could be read.", "rows": rows}
