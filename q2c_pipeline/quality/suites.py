"""Expectation suites: is this delivery plausible? Volume, freshness, fill rates and tie-outs, as data.

What must be true of every row is a pandera contract; what must be true between tables of the model is a SQL assertion. Here
stands what is only very likely to be true, held against past deliveries or against a share of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from q2c_pipeline.quality.outcome import Weight


@dataclass(frozen=True)
class Expectation:
    """One expectation: `kind` is its class in Great Expectations, `arguments` are that class's."""

    name: str
    kind: str
    says: str
    arguments: Mapping[str, Any]
    weight: Weight = Weight.WARNING


@dataclass(frozen=True)
class Suite:
    """Expectations on one set of rows; the query's column `record` says by what name a broken row is found again."""

    name: str
    table: str
    query: str
    expectations: Sequence[Expectation]


# Great Expectations takes a query only if it begins with `select`, hence subqueries instead of common table expressions.
DELIVERIES = """
select
  d.instance || '.' || d.object_name as record, d.as_of, d.row_count,
  case when u.deliveries >= 3 then greatest(u.lowest // 10, least(u.lowest, 1)) else 0 end as lowest_usual,
  case when u.deliveries >= 3 then u.highest * 10 + 100 else d.row_count end as highest_usual
from (
  select *, row_number() over (partition by instance, object_name order by sequence desc) as age
  from landing.batch
) as d
left join (
  select instance, object_name, count(*) as deliveries, min(row_count) as lowest, max(row_count) as highest
  from (
    select *, row_number() over (partition by instance, object_name order by sequence desc) as age
    from landing.batch
  )
  where age between 2 and 8 and sequence > 1
  group by instance, object_name
) as u on d.instance = u.instance and d.object_name = u.object_name
where d.age = 1
"""
ACCOUNTS = """
select a.instance || ':' || a.source_id as record, a.account_number
from canonical.account as a
inner join policy.instance as i on a.instance = i.instance
where i.role in ('crm', 'erp')
"""
CONTRACTS = """
select instance || ':' || contract_number as record, activated_at, claimed_subscription_id
from canonical.contract
where contract_status = 'activated'
"""
DOCUMENTS = """
select
  h.instance || ':' || h.source_id as record, h.document_number, h.legal_entity_code,
  h.net_amount as header_net_amount, coalesce(l.net_amount, 0) as lines_net_amount,
  h.tax_amount as header_tax_amount, coalesce(l.tax_amount, 0) as lines_tax_amount,
  h.total_amount as header_total_amount, h.net_amount + h.tax_amount as net_and_tax_amount
from canonical.invoice as h
left join (
  select instance, invoice_source_id, sum(net_amount) as net_amount, sum(tax_amount) as tax_amount
  from canonical.invoice_line
  group by instance, invoice_source_id
) as l on h.instance = l.instance and h.source_id = l.invoice_source_id
where h.document_status <> 'draft'
"""
INVOICE_LINES = """
select
  instance || ':' || source_id as record, service_end_date, service_start_date,
  coalesce(claimed_contract_line_id, subscription_line_source_id, credited_line_source_id) as way_to_contract
from canonical.invoice_line
"""
POSTINGS = """
select instance || ':' || source_id as record, coalesce(claimed_document_number, claimed_document_id) as way_to_document
from canonical.posting
where transaction_kind in ('invoice', 'credit_memo')
"""
RATES = "select instance || ':' || source_id as record, exchange_rate from canonical.fx_rate"


def suites(as_of: date) -> tuple[Suite, ...]:
    """All suites of a run for `as_of`."""
    return (
        Suite("delivery", "landing.batch", DELIVERIES, _delivery(as_of)),
        Suite("accounts", "canonical.account", ACCOUNTS, (_filled("account_number", 0.98),)),
        Suite(
            "contracts",
            "canonical.contract",
            CONTRACTS,
            (_filled("activated_at", 1.0), _filled("claimed_subscription_id", 0.75)),
        ),
        Suite("documents", "canonical.invoice", DOCUMENTS, _documents()),
        Suite(
            "invoice_lines",
            "canonical.invoice_line",
            INVOICE_LINES,
            (_filled("way_to_contract", 0.9), _at_least("service_period_forwards", "service_end_date", "service_start_date")),
        ),
        Suite("postings", "canonical.posting", POSTINGS, (_filled("way_to_document", 0.95),)),
        Suite("rates", "canonical.fx_rate", RATES, (_positive("exchange_rate"),)),
    )


def _delivery(as_of: date) -> tuple[Expectation, ...]:
    fresh = Expectation(
        "delivered_for_this_day",
        "ExpectColumnValuesToBeBetween",
        "every object's newest delivery reaches the cut-off day",
        {"column": "as_of", "min_value": as_of},
    )
    return (
        fresh,
        _at_least("volume_not_below_usual", "row_count", "lowest_usual"),
        _at_least("volume_not_above_usual", "highest_usual", "row_count"),
    )


def _documents() -> tuple[Expectation, ...]:
    return (
        _equal("net_of_header_equals_lines", "header_net_amount", "lines_net_amount"),
        _equal("tax_of_header_equals_lines", "header_tax_amount", "lines_tax_amount"),
        _equal("total_equals_net_and_tax", "header_total_amount", "net_and_tax_amount"),
        _filled("document_number", 1.0),
        _filled("legal_entity_code", 0.95),
    )


def _filled(column: str, share: float) -> Expectation:
    return Expectation(
        f"{column}_filled",
        "ExpectColumnValuesToNotBeNull",
        f"{column} has a value in at least {share:.0%} of the rows",
        {"column": column, "mostly": share},
    )


def _equal(name: str, left: str, right: str) -> Expectation:
    arguments = {"column_A": left, "column_B": right}
    return Expectation(name, "ExpectColumnPairValuesToBeEqual", f"{left} equals {right}", arguments, Weight.ERROR)


def _at_least(name: str, larger: str, smaller: str) -> Expectation:
    arguments = {"column_A": larger, "column_B": smaller, "or_equal": True}
    return Expectation(name, "ExpectColumnPairValuesAToBeGreaterThanB", f"{larger} is not below {smaller}", arguments)


def _positive(column: str) -> Expectation:
    arguments = {"column": column, "min_value": 0, "strict_min": True}
    return Expectation(f"{column}_positive", "ExpectColumnValuesToBeBetween", f"{column} is above zero", arguments, Weight.ERROR)
