"""What the page says, as plain data: every text already formatted, so that the template only places it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any

from markupsafe import Markup

from q2c_pipeline.reports import breaks, charts
from q2c_pipeline.reports.contents import Contents
from q2c_pipeline.reports.formats import (
    HEADLINE_MEASURES,
    amount_text,
    cause_name,
    count_text,
    counted,
    date_text,
    leg_name,
    leg_sides,
    measure_name,
)
from q2c_pipeline.reports.values import BAD, GOOD, NOTE, Mark, amount, listed, mark
from q2c_pipeline.state.runs import Run

_Row = dict[str, Any]


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
        exceptions=breaks.exceptions(contents),
        exceptions_said=listed(contents.exceptions.height, breaks.MAX_EXCEPTIONS, "exceptions, largest amount at risk first"),
        timing=breaks.timing(contents),
        trend=_trend(contents.runs),
        controls=[_control(row, contents.group_currency) for row in contents.controls.iter_rows(named=True)],
        completeness=_completeness(contents),
        rejects=_rejects(contents),
    )


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
    yield "Exceptions that block a close", count_text(contents.material_exceptions)
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
        "mark": mark("explained" if row["status"] == "exceptions" and row["unexplained_lines"] is not None else row["status"]),
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
        "mark": mark(row["status"]),
        **{name: amount(row[f"{name}_amount"], row["currency"]) for name in names},
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
    steps = [charts.Step(cause_name(step["cause"], titles), step["cause_amount"], _kind(step)) for step in ordered]
    whole = charts.Step("Difference", row["difference_amount"], charts.TOTAL)
    texts = [amount_text(row[name], currency) for name in ("left_amount", "right_amount", "difference_amount")]
    said = ", ".join(f"{step.label} {amount_text(step.amount, currency)}" for step in steps)
    figures = [
        {"label": step.label, "periods": count_text(source["periods"]), "amount": amount(step.amount, currency)}
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
            "at_risk": amount(row["amount_at_risk"], currency),
            "width": f"{100 * Decimal(row[key] or 0) / most:.1f}",
        }
        for row in rows
    ]


def _causes(contents: Contents) -> list[_Row]:
    found = [row for row in contents.controls.iter_rows(named=True) if row["exceptions"]]
    found.sort(key=lambda row: (-(row["amount_at_risk"] or 0), -row["exceptions"], row["control_id"]))
    return _bars([{**row, "name": cause_name(row["control_id"], contents.titles)} for row in found], contents.group_currency)


def _ages(contents: Contents) -> _Row:
    rows = [{**row, "name": row["age_bucket"], "note": ""} for row in contents.ages.iter_rows(named=True)]
    return {"title": "By age", "head": "Age", "rows": _bars(rows, contents.group_currency)}


def _queues(contents: Contents) -> _Row:
    rows = [{**row, "name": row["queue"], "note": _urgent(row)} for row in contents.queues.iter_rows(named=True)]
    return {"title": "By queue", "head": "Queue", "rows": _bars(rows, contents.group_currency)}


def _urgent(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{count_text(row[name])} {name}" for name in ("critical", "high") if row[name])


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
        "at_risk": amount(run.amount_at_risk, run.group_currency),
        "currency": run.group_currency,
        "unexplained": count_text(run.unexplained),
    }


def _control(row: _Row, group_currency: str) -> _Row:
    return {
        **row,
        "leg": leg_name(row["leg"]),
        "population": count_text(row["population"]),
        "found": count_text(row["exceptions"]),
        "at_risk": amount(row["amount_at_risk"], group_currency),
        "mark": mark(row["status"]),
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
