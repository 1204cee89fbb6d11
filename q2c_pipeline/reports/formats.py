"""How figures, dates and names are written for people, the same in the workbook, the page and the trace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from q2c_pipeline.domain.kinds import Leg
from q2c_pipeline.domain.money import exponents

MINUS = "\N{MINUS SIGN}"
LEG_NAMES = {
    Leg.BOOKED_BILLED: "Booked to billed",
    Leg.BILLED_POSTED: "Billed to posted",
    Leg.REVENUE: "Posted to recognised",
    Leg.SUBLEDGER: "Subledger to ledger",
    Leg.MASTER_DATA: "Master data",
    Leg.STATUS: "Status sync",
    Leg.LAG: "Lag",
    Leg.QUALITY: "Data quality",
}
CAUSE_NAMES = {
    "timing": "In flight",
    "unexplained": "Unexplained",
    "fx_rounding": "Exchange, rounding",
    "fx_realised": "Exchange, realised",
    "fx_unrealised": "Exchange, unrealised",
}
"""Causes that no control names."""
LEG_SIDES = {
    Leg.BOOKED_BILLED: ("Booked", "Billed"),
    Leg.BILLED_POSTED: ("Billed", "Posted"),
    Leg.REVENUE: ("Posted", "Recognised"),
    Leg.SUBLEDGER: ("Subledger", "Ledger"),
}
HEADLINE_MEASURES = frozenset({"net", "receivable"})
"""The measure by which a leg is known; the others stand beside it."""


def leg_name(leg: str) -> str:
    """Words for a leg: BB -> Booked to billed."""
    return LEG_NAMES[Leg(leg)]


def leg_sides(leg: str) -> tuple[str, str]:
    """What stands on the left and on the right of a leg."""
    return LEG_SIDES.get(Leg(leg), ("Left", "Right"))


def measure_name(measure: str) -> str:
    """deferred_revenue -> deferred revenue."""
    return measure.replace("_", " ")


def cause_name(cause: str, titles: Mapping[str, str]) -> str:
    """BB04 -> BB04 price drift; what is no control's in words: fx_rounding -> Exchange, rounding."""
    return CAUSE_NAMES.get(cause) or f"{cause} {titles.get(cause, '')}".strip()


def with_names(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its leg and measure as people name them."""
    names = {"leg_name": leg_name(record["leg"])}
    if "measure" in record:
        names["measure_name"] = measure_name(record["measure"])
    return {**record, **names}


def decimals(amount: Decimal, currency: str | None) -> int:
    """Digits after the point that tell the whole truth: 2 for 10.5000 USD, 0 for 10.0000 JPY, 3 for 0.005 USD."""
    needed = -int(amount.normalize().as_tuple().exponent) if amount else 0
    usual = exponents().get(currency, 2) if currency else 2
    return max(usual, needed)


def amount_text(amount: Decimal | None, currency: str | None) -> str:
    """1234.5000 USD -> 1,234.50, with a true minus sign below zero; nothing is ever rounded away."""
    if amount is None:
        return ""
    text = f"{abs(amount):,.{decimals(amount, currency)}f}"
    return f"{MINUS}{text}" if amount < 0 else text


def count_text(count: int | None) -> str:
    """1234 -> 1,234."""
    return "" if count is None else f"{count:,}".replace("-", MINUS)


def counted(count: int, what: str) -> str:
    """1 -> 1 exception, 1200 -> 1,200 exceptions."""
    return f"{count_text(count)} {what}{'' if count == 1 else 's'}"


def number_text(value: Decimal | None) -> str:
    """A quantity or unit price without idle zeros: 12.50000000 -> 12.5."""
    if value is None:
        return ""
    text = f"{abs(value):,.{max(0, decimals(value, 'JPY'))}f}"
    return f"{MINUS}{text}" if value < 0 else text


def date_text(value: date | None) -> str:
    """ISO date, or nothing."""
    return value.isoformat() if value else ""


def period_text(first: date | None, last: date | None = None) -> str:
    """2026-03, or 2026-03 to 2026-05 when the periods differ."""
    if first is None:
        return ""
    start, end = f"{first:%Y-%m}", f"{last or first:%Y-%m}"
    return start if start == end else f"{start} to {end}"


def evidence_lines(evidence: str | None) -> list[str]:
    """The source records that prove an exception, each as instance/table/id; text that is not a list is shown as it is."""
    if not evidence:
        return []
    try:
        found: Any = json.loads(evidence)
        return [f"{item['instance']}/{item['table']}/{item['source_id']}" for item in found]
    except (ValueError, TypeError, KeyError):
        return [evidence]
