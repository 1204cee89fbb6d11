"""A large company written straight into `mapped.*` by set-based SQL: what the grids are timed on.

Orders have four monthly lines over 2025, one invoice a month each, posted the same day. In every five-hundredth order one line
is not billed in June, and one invoice of July is not posted, so that causes must be found and not only the absence of any.
"""

from __future__ import annotations

from datetime import date

from q2c_pipeline.engine.runner import Warehouse
from q2c_pipeline.schemas.tables import TABLES

AS_OF = date(2026, 1, 31)
"""Every month of 2025 is billed and posted; the cut-off is a month later."""
_LINES_PER_ORDER, _PERIODS = 4, 12
_INSTANCES = {"crm": "sf_main", "billing": "stripe_main", "erp": "netsuite_main"}
_COMMON = """
    select *, timestamptz '2025-01-01' as source_version, 'bench' as batch_id, date '2026-01-31' as as_of, false as is_deleted"""


def fill(warehouse: Warehouse, invoice_lines: int) -> None:
    """Write the company with about that many invoice lines."""
    orders = max(1, invoice_lines // (_LINES_PER_ORDER * _PERIODS))
    warehouse.connection.execute(f"create temp table o as select range as o from range({orders})")
    warehouse.connection.execute(_BILLED)
    for (table, role), select in _TABLES.items():
        whole = f"{_COMMON}, '{_INSTANCES[role]}' as instance from ({select})"
        warehouse.connection.execute(f"insert into mapped.{table} by name {whole}")


_BILLED = """
    create temp table billed as
    select o, m, l, 200 + 40 * l as net, 20 + 4 * l as tax, (date '2025-01-01' + to_months(m::int))::date as first_day,
        (date '2025-01-01' + to_months(m::int + 1) - interval 1 day)::date as last_day
    from o, (select range::int as m from range(12)), (select range as l from range(4))
    where not (o % 500 = 0 and m = 5 and l = 3)"""


def _posting(account: str, line: str, amount: str, source: str) -> str:
    return f"""
        select 't' || o || '-' || m || '-' || ({line}) as source_id, 't' || o || '-' || m as transaction_source_id,
            'INV-' || o || '-' || m as transaction_number, 'invoice' as transaction_kind, ({line})::varchar as line_number,
            '1' as subsidiary_source_id, '1' as book_source_id, true as is_primary_book,
            '{account}' as ledger_account_source_id, 'P' || m as accounting_period_source_id, 'E' || o as account_source_id,
            first_day as posting_date, 'USD' as currency, ({amount})::decimal(20,4) as transaction_amount,
            ({amount})::decimal(20,4) as functional_amount, 1::decimal(16,8) as exchange_rate, true as is_posted,
            false as is_voided, {str(account == "2100").lower()} as is_tax_line,
            'INV-' || o || '-' || m as claimed_document_number, 'in' || o || '-' || m as claimed_document_id
        from ({source}) where not (o % 500 = 1 and m = 6)"""


_DOCUMENTS = "select o, m, first_day, sum(net) as net, sum(tax) as tax from billed group by o, m, first_day"
_TABLES: dict[tuple[str, str], str] = {
    ("legal_entity", "erp"): """
        select '1' as source_id, 'US' as legal_entity_code, 'US Inc' as legal_entity_name, 'US' as country_code,
            'USD' as currency""",
    ("account", "crm"): """
        select 'A' || o as source_id, 'AC-' || o as account_number, 'Customer ' || o as account_name,
            'C' || o as claimed_billing_account_id, 'E' || o as claimed_erp_account_id from o""",
    ("account", "billing"): """
        select 'C' || o as source_id, 'AC-' || o as account_number, 'Customer ' || o as account_name,
            'A' || o as claimed_crm_account_id from o""",
    ("account", "erp"): """
        select 'E' || o as source_id, 'AC-' || o as account_number, 'Customer ' || o as account_name,
            'A' || o as claimed_crm_account_id from o""",
    ("product", "crm"): """
        select 'P' || range as source_id, 'P-' || range as product_code, 'Product' as product_name,
            'ratable' as revenue_class, true as is_active from range(4)""",
    ("contract", "crm"): """
        select 'O' || o as source_id, 'ORD-' || o as contract_number, 'A' || o as account_source_id,
            'activated' as contract_status, 'US' as legal_entity_code, 'USD' as currency, date '2025-01-01' as start_date,
            date '2025-12-31' as end_date, timestamptz '2025-01-01' as activated_at, 'S' || o as claimed_subscription_id,
            'active' as claimed_billing_status from o""",
    ("contract_line", "crm"): """
        select 'O' || o || '-' || l as source_id, 'O' || o as contract_source_id, (l + 1)::varchar as line_number,
            'P' || l as product_source_id, 2::decimal(16,8) as quantity, (100 + 20 * l)::decimal(16,8) as unit_price,
            0::decimal(16,8) as discount_fraction, date '2025-01-01' as start_date, date '2025-12-31' as end_date,
            'monthly' as billing_frequency, 'advance' as billing_timing, 'start' as billing_anchor, 'month' as price_period,
            'recurring' as charge_type, 'I' || o || '-' || l as claimed_subscription_line_id
        from o, (select range as l from range(4))""",
    ("subscription", "billing"): """
        select 'S' || o as source_id, 'C' || o as account_source_id, 'active' as subscription_status,
            'US' as legal_entity_code, 'USD' as currency, date '2025-01-01' as start_date, 'O' || o as claimed_contract_id
        from o""",
    ("subscription_line", "billing"): """
        select 'I' || o || '-' || l as source_id, 'S' || o as subscription_source_id, 'PR' || l as price_source_id,
            2::decimal(16,8) as quantity, (100 + 20 * l)::decimal(16,8) as unit_price, 1 as billing_period_months,
            'O' || o || '-' || l as claimed_contract_line_id, 'ORD-' || o || '/' || (l + 1) as claimed_contract_line_key
        from o, (select range as l from range(4))""",
    ("invoice", "billing"): f"""
        select 'in' || o || '-' || m as source_id, 'invoice' as document_kind, 'INV-' || o || '-' || m as document_number,
            'open' as document_status, 'C' || o as account_source_id, 'S' || o as subscription_source_id,
            'US' as legal_entity_code, 'USD' as currency, first_day as issued_date, net::decimal(20,4) as net_amount,
            tax::decimal(20,4) as tax_amount, (net + tax)::decimal(20,4) as total_amount,
            first_day::timestamptz as finalized_at
        from ({_DOCUMENTS})""",
    ("invoice_line", "billing"): """
        select 'il' || o || '-' || m || '-' || l as source_id, 'in' || o || '-' || m as invoice_source_id,
            'S' || o as subscription_source_id, 'I' || o || '-' || l as subscription_line_source_id,
            'P' || l as product_source_id, 2::decimal(16,8) as quantity, (net / 2)::decimal(16,8) as unit_price,
            0::decimal(20,4) as discount_amount, net::decimal(20,4) as net_amount, tax::decimal(20,4) as tax_amount,
            'USD' as currency, first_day as service_start_date, last_day as service_end_date, false as is_proration
        from billed""",
    ("ledger_account", "erp"): """
        select id as source_id, id as ledger_account_number, kind as ledger_account_name, kind as account_type,
            kind as account_class, true as is_active
        from (values ('1100', 'receivable'), ('2100', 'tax'), ('4000', 'revenue')) a(id, kind)""",
    ("accounting_period", "erp"): """
        select 'P' || m as source_id, strftime(first_day, '%b %Y') as period_name, first_day as start_date,
            last_day as end_date, 'open' as period_state, false as is_adjustment
        from (select distinct m, first_day, last_day from billed)""",
    ("posting", "erp"): " union all ".join(
        (
            _posting("1100", "1", "net + tax", _DOCUMENTS),
            _posting("2100", "2", "-tax", _DOCUMENTS),
            _posting("4000", "l + 3", "-net", "select * from billed"),
        )
    ),
}
assert {table for table, _ in _TABLES} <= set(TABLES)  # noqa: S101  (a renamed table must not go unnoticed)


def _newest(table: str) -> str:
    """`mapped` holds every version that was ever delivered: whoever compares records must take the newest of each."""
    return f"""(select * from mapped.{table} where as_of <= $as_of qualify row_number() over (
        partition by instance, source_id order by source_version desc, as_of desc, batch_id desc) = 1 and not is_deleted)"""


HAND_WRITTEN = {
    "booked_billed": f"""
        with expected as (
            select l.source_id, p.first_day,
                round(l.quantity::decimal(38,8) * l.unit_price * (1 - l.discount_fraction)::decimal(18,8), 2) as booked
            from {_newest("contract_line")} l join {_newest("contract")} c on c.source_id = l.contract_source_id,
                (select (date '2025-01-01' + to_months(range::int))::date as first_day from range(24)) p
            where c.contract_status = 'activated' and p.first_day between l.start_date and least(l.end_date, $as_of)
        ), invoiced as (
            select s.claimed_contract_line_id as source_id, i.service_start_date as first_day, sum(i.net_amount) as billed
            from {_newest("invoice_line")} i
            join {_newest("invoice")} d on d.source_id = i.invoice_source_id
            join {_newest("subscription_line")} s on s.source_id = i.subscription_line_source_id
            where d.document_status in ('open', 'paid', 'uncollectible')
            group by all
        )
        select source_id, first_day, coalesce(booked, 0) as booked, coalesce(billed, 0) as billed
        from expected full join invoiced using (source_id, first_day)""",
    "billed_posted": f"""
        with invoiced as (
            select document_number, unnest(['receivable', 'tax', 'revenue']) as class,
                unnest([total_amount, -tax_amount, -net_amount]) as billed
            from {_newest("invoice")} where document_status in ('open', 'paid', 'uncollectible') and issued_date <= $as_of
        ), booked as (
            select p.claimed_document_number as document_number, a.account_class as class, sum(p.transaction_amount) as posted
            from {_newest("posting")} p join mapped.ledger_account a on a.source_id = p.ledger_account_source_id
            where p.is_posted and p.is_primary_book and p.posting_date <= $as_of
            group by all
        )
        select document_number, class, coalesce(billed, 0) as billed, coalesce(posted, 0) as posted
        from invoiced full join booked using (document_number, class)""",
}
"""What someone would write for exactly this company: no amendments, no part periods, no entities, no causes, no evidence."""
DIFFERENCES = {"booked_billed": "booked <> billed", "billed_posted": "billed <> posted"}
