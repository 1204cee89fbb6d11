"""Tells one exception in sentences: what was expected and why, what was found, by which rule, what proves it, what cures it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from q2c_pipeline.errors import StoreError
from q2c_pipeline.reports import sentences
from q2c_pipeline.reports.formats import amount_text, counted, date_text, measure_name

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


def explain(reader: Reader, identifier: str) -> list[Section]:
    """The exception with that id, or the only one whose id begins so; raises StoreError when there is none or several."""
    exception_id = _find(reader, identifier.strip())
    one = reader.query(_ONE, {"exception_id": exception_id}).row(0, named=True)
    known = {"exception_id": exception_id}
    cells, terms, facts = (reader.query(sql, known).rows(named=True) for sql in (_CELLS, _TERMS, _FACTS))
    symptoms = reader.query(_SYMPTOMS, {"control_id": one["control_id"], "subject_key": one["subject_key"]})
    sections = (
        Section("Exception", tuple(sentences.heading(one))),
        Section("Expected", (*sentences.terms(terms), *sentences.expected(one, cells), *sentences.said(facts, "expected_text"))),
        Section("Found", (*sentences.said(facts, "found_text"), *sentences.found(one, cells))),
        Section("Rule", tuple(sentences.rule(one))),
        Section("Symptoms", tuple(sentences.symptoms(symptoms))),
        Section("Proof", tuple(_proof(reader, one))),
        Section("At risk", (sentences.at_risk(one), sentences.material(one))),
        Section("Repair", tuple(sentences.repair(one, reader.query(_REPAIRS, known)["repair_text"].to_list()))),
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
        next_step=f"choose one of {listed}" if listed else "`q2c exceptions list` shows the ids",
    )


def _proof(reader: Reader, one: sentences.Row) -> Iterator[str]:
    """Records of the evidence, with their business number where the trace knows them."""
    records = _evidence(one["evidence"])
    keys = [f"{record['instance']}/{record['source_id']}" for record in records]
    nodes = {row["node_key"]: row for row in reader.query(_PROOF, {"keys": keys}).iter_rows(named=True)} if keys else {}
    for record in records[: sentences.MAX_RECORDS]:
        ending = f":{record['instance']}:{record['source_id']}"
        node = next((row for key, row in nodes.items() if key.endswith(ending)), None)
        yield f"{record['instance']} {measure_name(record['table'])} {record['source_id']}{_facts(node)}."
    if len(records) > sentences.MAX_RECORDS:
        yield f"{counted(len(records) - sentences.MAX_RECORDS, 'more record')}."
    if records:
        yield f"`q2c trace {one['subject_key']}` shows all that is linked to it."


def _evidence(text: str | None) -> list[dict[str, str]]:
    record = pl.Struct(dict.fromkeys(("instance", "table", "source_id"), pl.String))
    return list(pl.Series([text or "[]"]).str.json_decode(pl.List(record))[0])


def _facts(node: sentences.Row | None) -> str:
    if node is None:
        return ""
    amount = f"{amount_text(node['amount'], node['currency'])} {node['currency'] or ''}" if node["amount"] is not None else ""
    facts = (node["business_number"], amount, node["record_status"], date_text(node["record_date"]))
    return f" ({', '.join(fact for fact in facts if fact)})"
