"""What is known of an exception as sentences, one kind of fact a function; every figure is read, none is worked out here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from q2c_pipeline.domain.kinds import Leg
from q2c_pipeline.reports.formats import amount_text, counted, date_text, leg_sides, measure_name, number_text, period_text

MAX_PERIODS = 12
MAX_RECORDS = 20
MAX_SYMPTOMS = 20
_UNITS = {"month": "a month", "year": "a year", "once": "once", "unit": "a unit"}
Row = Mapping[str, Any]


def heading(one: Row) -> Iterator[str]:
    """Which exception it is, where, when, and how grave."""
    where = f" of {one['legal_entity_code']}" if one["legal_entity_code"] else ""
    when = f" in {period_text(one['first_period'], one['last_period'])}" if one["first_period"] else ""
    yield f"{one['control_id']} on {one['subject_key']}{where}{when}, severity {one['severity']}, as of {one['as_of']}."
    yield f"Id {one['exception_id']}."


def terms(terms: Sequence[Row]) -> Iterator[str]:
    """What was agreed: the lines whose terms make the schedule."""
    for term in terms:
        discount = term["discount_fraction"] * 100
        less = f" less {number_text(discount)} %" if discount else ""
        price = f"{amount_text(term['unit_price'], term['currency'])} {term['currency']} {_UNITS[term['price_period']]}"
        rhythm = f"{measure_name(term['billing_frequency'])} in {term['billing_timing']}"
        amends = "" if term["is_original"] else f" ({measure_name(term['amendment_kind'] or 'later step')} of the line)"
        yield (
            f"{term['line_subject_key']}{amends} sells {number_text(term['quantity'])} x {term['product_name']} "
            f"at {price}{less}, from {term['start_date']} to {term['end_date']}, billed {rhythm}; "
            f"order {term['contract_number']} is active since {term['activated_date']}."
        )


def said(facts: Sequence[Row], name: str) -> Iterator[str]:
    """One side of what a control held against each other where no cell shows it."""
    for fact in facts[:MAX_RECORDS]:
        yield sentence(fact[name] or "nothing")
    if len(facts) > MAX_RECORDS:
        yield f"{counted(len(facts) - MAX_RECORDS, 'more value')} of the same kind."


def expected(one: Row, cells: Sequence[Row]) -> Iterator[str]:
    """What follows from it, period by period."""
    left = leg_sides(one["leg"])[0].lower()
    for cell in cells[:MAX_PERIODS]:
        amount = f"{amount_text(cell['left_amount'], cell['currency'])} {cell['currency']}"
        if cell["service_start_date"] is not None:
            due = f", due {date_text(cell['due_date'])}" if cell["due_date"] else ""
            why = "the schedule of these terms says" if cell["contract_line_key"] else "no contract line is known, so"
            served = f"{cell['service_start_date']} to {cell['service_end_date']}"
            yield f"For service {served} {why} {amount}{due}."
        else:
            where = f"{cell['legal_entity_code']} in {period_text(cell['period'])}"
            yield f"The {left} side demands {amount} of {measure_name(cell['measure'])} in {where}."
    if len(cells) > MAX_PERIODS:
        yield f"{counted(len(cells) - MAX_PERIODS, 'more cell')} of the same kind."


def found(one: Row, cells: Sequence[Row]) -> Iterator[str]:
    """The other side of each cell, and the difference in all."""
    right = leg_sides(one["leg"])[1].lower()
    for cell in cells[:MAX_PERIODS]:
        when = cell["service_start_date"] or period_text(cell["period"])
        what = "" if cell["measure"] == "net" else f" {measure_name(cell['measure'])} of {cell['legal_entity_code']}"
        amounts = (amount_text(cell[name], cell["currency"]) for name in ("right_amount", "left_amount", "difference_amount"))
        yield "{}{}: {} {} instead of {}, difference {} {}.".format(when, what, right, *amounts, cell["currency"])
    if one["currency"]:
        total = f"{amount_text(one['difference_amount'], one['currency'])} {one['currency']}"
        yield f"Expected less found is {total}{_of_what(one, cells)}."


def _of_what(one: Row, cells: Sequence[Row]) -> str:
    """Of a document's classes, which add up to nothing, one counts: the receivable, else what moved between the others."""
    whole = sum(cell["difference_amount"] for cell in cells)
    receivable = sum(cell["difference_amount"] for cell in cells if cell["measure"] == "receivable")
    amount = one["difference_amount"]
    if not cells or whole == amount:
        return " in all"
    if receivable == amount:
        return " of the receivable in all"
    return ", with the sign of a credit turned" if whole == -amount else ", counted once"


def rule(one: Row) -> Iterator[str]:
    """Which rule decided, what it saw, and under which policy."""
    yield f"{one['control_id']} ({one['claim']}): {one['says']}."
    yield f"It saw this: {sentence(one['reason'])}"
    if one["leg"] in (Leg.BOOKED_BILLED, Leg.BILLED_POSTED):
        yield f"It decides with priority {one['priority']}: where several rules claim a cell, the lowest number wins."
    since = f"in force since {one['effective_from']}" if one["effective_from"] else "the first one"
    yield f"The run was under version {one['version']} of the policy ({since}, digest {one['digest'][:12]})."


def symptoms(found: pl.DataFrame) -> Iterator[str]:
    """Findings that this one explains, and that are therefore no exceptions of their own there."""
    for row in found.head(MAX_SYMPTOMS).iter_rows(named=True):
        yield f"{row['control_id']} on {row['subject_key']} ({row['says']}) is a symptom of this."
    if found.height > MAX_SYMPTOMS:
        yield f"{counted(found.height - MAX_SYMPTOMS, 'more symptom')}."


def at_risk(one: Row) -> str:
    """What it is worth in group currency, and at which rate."""
    if one["currency"] is None:
        return "No money by itself: it says that records disagree, not amounts."
    if one["amount_at_risk"] is None:
        return f"Not known in {one['group_currency']}: there is no rate for {one['currency']} on or before {one['as_of']}."
    worth = f"{amount_text(one['amount_at_risk'], one['group_currency'])} {one['group_currency']}"
    if one["currency"] == one["group_currency"]:
        return f"{worth}, the difference itself."
    amount = f"{amount_text(abs(one['difference_amount']), one['currency'])} {one['currency']}"
    return f"{worth}: {amount} at {number_text(one['exchange_rate'])}, the newest rate on or before {one['as_of']}."


def material(one: Row) -> str:
    """Whether it blocks a close, and by which rule."""
    if one["scope_text"] is None:
        return "It blocks a close: the policy has no limit of materiality."
    limits = []
    if one["materiality_amount"] is not None:
        limits.append(f"{amount_text(one['materiality_amount'], one['group_currency'])} {one['group_currency']}")
    if one["materiality_percent"] is not None:
        base = (
            f"{amount_text(one['base_amount'] or Decimal(0), one['currency'])} {one['currency']}"
            if one["currency"]
            else "nothing"
        )
        limits.append(f"{number_text(one['materiality_percent'])} % of {base}")
    rule = f"the limits of {one['scope_text']}: {' and '.join(limits)}"
    return f"It blocks a close by {rule}." if one["is_material"] else f"It does not block a close: it stays below {rule}."


def repair(one: Row, proposed: Sequence[str]) -> Iterator[str]:
    """What would cure it, whose work that is, and what is proposed."""
    yield f"{sentence(one['repair'])} It is the work of {one['owner']}, queue '{one['queue'].replace('_', ' ')}'."
    for text in proposed[:MAX_RECORDS]:
        yield f"Proposed: {sentence(text)[:1].lower()}{sentence(text)[1:]}"
    if len(proposed) > MAX_RECORDS:
        yield f"{counted(len(proposed) - MAX_RECORDS, 'more change')} of the same proposal."


def sentence(text: str) -> str:
    """The text with a capital at its start and one full stop; names such as INV-1 keep their letters."""
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
