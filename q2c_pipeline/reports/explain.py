"""Tells one exception in sentences: what was expected and why, what was found, by which rule, what proves it, what cures it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from q2c_pipeline.domain.kinds import Leg
from q2c_pipeline.errors import StoreError
from q2c_pipeline.reports.formats import amount_text, counted, date_text, leg_sides, measure_name, number_text, period_text

MAX_PERIODS = 12
MAX_RECORDS = 20
MAX_SYMPTOMS = 20
_LEAST_PREFIX = 4
"""Shorter beginnings would fit many; the message then lists what fits."""
_FIND = """
    select exception_id, control_id, subject_key from recon.exception
    where starts_with(exception_id, lower($identifier)) order by exception_id limit 6"""
_ABOUT = """
    select exception_id, control_id, subject_key from recon.exception
    where lower(subject_key) = lower($identifier) order by exception_id limit 6"""
_ONE = """
    select e.*, c.says, c.claim, c.priority, r.group_currency, r.as_of, g.exchange_rate, m.is_material, m.scope_text,
           m.materiality_amount, m.materiality_percent, m.base_amount, p.version, p.digest, p.effective_from
    from recon.exception as e
    inner join control.catalogue as c using (control_id)
    inner join recon.materiality as m using (exception_id)
    left join recon.group_rate as g on e.currency = g.currency
    cross join mart.run_summary as r
    cross join policy.in_force as p
    where exception_id = $exception_id"""
_TERMS = (
    "select * from mart.exception_term where exception_id = $exception_id order by is_original desc, start_date, line_subject_key"
)
_CELLS = "select * from mart.exception_cell where exception_id = $exception_id order by period, service_start_date, measure"
_FACTS = "select expected_text, found_text from mart.exception_fact where exception_id = $exception_id order by all"
_REPAIRS = "select repair_text from mart.exception_repair where exception_id = $exception_id order by step, repair_text"
_SYMPTOMS = """
    select distinct s.control_id, s.subject_key, c.says, s.cause_control_id
    from recon.symptom as s inner join control.catalogue as c using (control_id)
    where s.cause_control_id = $control_id and s.cause_subject_key = $subject_key order by all"""
_PROOF = """
    select n.node_key, n.kind, n.business_number, n.amount, n.currency, n.record_status, n.record_date
    from mart.trace_node as n where n.instance || '/' || n.source_id = any($keys) order by n.node_key"""
_UNITS = {"month": "a month", "year": "a year", "once": "once", "unit": "a unit"}


class Reader(Protocol):
    """What an explanation needs of a published warehouse."""

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Rows of the SELECT as a frame."""
        ...


@dataclass(frozen=True)
class Section:
    """One question about the exception and the sentences that answer it."""

    title: str
    sentences: tuple[str, ...]


Row = Mapping[str, Any]


def explain(reader: Reader, identifier: str) -> list[Section]:
    """The exception with that id, or the only one whose id begins so; raises StoreError when there is none or several."""
    exception_id = _find(reader, identifier.strip())
    one = reader.query(_ONE, {"exception_id": exception_id}).row(0, named=True)
    known = {"exception_id": exception_id}
    cells, terms, facts = (reader.query(sql, known).rows(named=True) for sql in (_CELLS, _TERMS, _FACTS))
    symptoms = reader.query(_SYMPTOMS, {"control_id": one["control_id"], "subject_key": one["subject_key"]})
    sections = (
        Section("Exception", tuple(_heading(one))),
        Section("Expected", (*_terms(terms), *_expected(one, cells), *_said(facts, "expected_text"))),
        Section("Found", (*_said(facts, "found_text"), *_found(one, cells))),
        Section("Rule", tuple(_rule(one))),
        Section("Symptoms", tuple(_symptoms(symptoms))),
        Section("Proof", tuple(_proof(reader, one))),
        Section("At risk", (_at_risk(one), _material(one))),
        Section("Repair", tuple(_repair(one, reader.query(_REPAIRS, known)["repair_text"].to_list()))),
    )
    return [section for section in sections if section.sentences]


def _find(reader: Reader, identifier: str) -> str:
    found = reader.query(_FIND, {"identifier": identifier}) if len(identifier) >= _LEAST_PREFIX else None
    if found is not None and found.height == 1:
        return str(found["exception_id"][0])
    about = reader.query(_ABOUT, {"identifier": identifier})
    if about.height == 1:
        return str(about["exception_id"][0])
    fitting = found if found is not None and found.height else about
    listed = ", ".join(f"{row[0][:12]} ({row[1]} {row[2]})" for row in fitting.iter_rows())
    raise StoreError(
        expected="the id of one exception, or a beginning that only one id has",
        found=f"several that fit '{identifier}'" if listed else f"none that fits '{identifier}'",
        where="recon.exception",
        next_step=f"choose one of {listed}" if listed else "`q2c sql exceptions_by_queue` lists all ids",
    )


def _heading(one: Row) -> Iterator[str]:
    where = f" of {one['legal_entity_code']}" if one["legal_entity_code"] else ""
    when = f" in {period_text(one['first_period'], one['last_period'])}" if one["first_period"] else ""
    yield f"{one['control_id']} on {one['subject_key']}{where}{when}, severity {one['severity']}, as of {one['as_of']}."
    yield f"Id {one['exception_id']}."


def _terms(terms: Sequence[Row]) -> Iterator[str]:
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


def _said(facts: Sequence[Row], name: str) -> Iterator[str]:
    """One side of what a control held against each other where no cell shows it."""
    for fact in facts[:MAX_RECORDS]:
        yield _sentence(fact[name] or "nothing")
    if len(facts) > MAX_RECORDS:
        yield f"{counted(len(facts) - MAX_RECORDS, 'more value')} of the same kind."


def _expected(one: Row, cells: Sequence[Row]) -> Iterator[str]:
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


def _found(one: Row, cells: Sequence[Row]) -> Iterator[str]:
    right = leg_sides(one["leg"])[1].lower()
    for cell in cells[:MAX_PERIODS]:
        when = cell["service_start_date"] or period_text(cell["period"])
        what = "" if cell["measure"] == "net" else f" {measure_name(cell['measure'])} of {cell['legal_entity_code']}"
        amounts = (amount_text(cell[name], cell["currency"]) for name in ("right_amount", "left_amount", "difference_amount"))
        yield "{}{}: {} {} instead of {}, difference {} {}.".format(when, what, right, *amounts, cell["currency"])
    if one["currency"]:
        total = f"{amount_text(one['difference_amount'], one['currency'])} {one['currency']}"
        yield f"Expected less found is {total} in all."


def _rule(one: Row) -> Iterator[str]:
    yield f"{one['control_id']} ({one['claim']}): {one['says']}."
    yield f"It saw this: {_sentence(one['reason'])}"
    if one["leg"] in (Leg.BOOKED_BILLED, Leg.BILLED_POSTED):
        yield f"It decides with priority {one['priority']}: where several rules claim a cell, the lowest number wins."
    since = f"in force since {one['effective_from']}" if one["effective_from"] else "the first one"
    yield f"The run was under version {one['version']} of the policy ({since}, digest {one['digest'][:12]})."


def _symptoms(found: pl.DataFrame) -> Iterator[str]:
    """Findings that this one explains, and that are therefore no exceptions of their own there."""
    for row in found.head(MAX_SYMPTOMS).iter_rows(named=True):
        yield f"{row['control_id']} on {row['subject_key']} ({row['says']}) is a symptom of this."
    if found.height > MAX_SYMPTOMS:
        yield f"{counted(found.height - MAX_SYMPTOMS, 'more symptom')}."


def _proof(reader: Reader, one: Row) -> Iterator[str]:
    """Records of the evidence, with their business number where the trace knows them."""
    records = _evidence(one["evidence"])
    keys = [f"{record['instance']}/{record['source_id']}" for record in records]
    nodes = {row["node_key"]: row for row in reader.query(_PROOF, {"keys": keys}).iter_rows(named=True)} if keys else {}
    for record in records[:MAX_RECORDS]:
        ending = f":{record['instance']}:{record['source_id']}"
        node = next((row for key, row in nodes.items() if key.endswith(ending)), None)
        yield f"{record['instance']} {measure_name(record['table'])} {record['source_id']}{_facts(node)}."
    if len(records) > MAX_RECORDS:
        yield f"{counted(len(records) - MAX_RECORDS, 'more record')}."
    if records:
        yield f"`q2c trace {one['subject_key']}` shows all that is linked to it."


def _evidence(text: str | None) -> list[dict[str, str]]:
    record = pl.Struct(dict.fromkeys(("instance", "table", "source_id"), pl.String))
    return list(pl.Series([text or "[]"]).str.json_decode(pl.List(record))[0])


def _facts(node: Row | None) -> str:
    if node is None:
        return ""
    amount = f"{amount_text(node['amount'], node['currency'])} {node['currency'] or ''}" if node["amount"] is not None else ""
    facts = (node["business_number"], amount, node["record_status"], date_text(node["record_date"]))
    return f" ({', '.join(fact for fact in facts if fact)})"


def _at_risk(one: Row) -> str:
    if one["currency"] is None:
        return "No money by itself: it says that records disagree, not amounts."
    if one["amount_at_risk"] is None:
        return f"Not known in {one['group_currency']}: there is no rate for {one['currency']} on or before {one['as_of']}."
    worth = f"{amount_text(one['amount_at_risk'], one['group_currency'])} {one['group_currency']}"
    if one["currency"] == one["group_currency"]:
        return f"{worth}, the difference itself."
    amount = f"{amount_text(abs(one['difference_amount']), one['currency'])} {one['currency']}"
    return f"{worth}: {amount} at {number_text(one['exchange_rate'])}, the newest rate on or before {one['as_of']}."


def _material(one: Row) -> str:
    """Whether it blocks a close, and by which rule."""
    if one["scope_text"] is None:
        return "It blocks a close: the policy has no limit of materiality."
    limits = []
    if one["materiality_amount"] is not None:
        limits.append(f"{amount_text(one['materiality_amount'], one['group_currency'])} {one['group_currency']}")
    if one["materiality_percent"] is not None:
        base = f"{amount_text(one['base_amount'] or 0, one['currency'])} {one['currency']}" if one["currency"] else "nothing"
        limits.append(f"{number_text(one['materiality_percent'])} % of {base}")
    rule = f"the limits of {one['scope_text']}: {' and '.join(limits)}"
    return f"It blocks a close by {rule}." if one["is_material"] else f"It does not block a close: it stays below {rule}."


def _repair(one: Row, proposed: Sequence[str]) -> Iterator[str]:
    yield f"{_sentence(one['repair'])} It is the work of {one['owner']}, queue '{one['queue']}'."
    for text in proposed[:MAX_RECORDS]:
        yield f"Proposed: {_sentence(text)[:1].lower()}{_sentence(text)[1:]}"
    if len(proposed) > MAX_RECORDS:
        yield f"{counted(len(proposed) - MAX_RECORDS, 'more change')} of the same proposal."


def _sentence(text: str) -> str:
    """The text with a capital at its start and one full stop; names such as INV-1 keep their letters."""
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
