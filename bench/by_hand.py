"""The two simplest legs as one minimal query each: what someone would write for exactly the made-up company, and no other."""

from __future__ import annotations


def _newest(table: str) -> str:
    """`mapped` holds every version that was ever delivered: whoever compares records must take the newest of each."""
    return f"""(select * from mapped.{table} where as_of <= $as_of qualify row_number() over (
        partition by instance, source_id order by source_version desc, as_of desc, batch_id desc) = 1 and not is_deleted)"""


BOOKED = f"""
    select l.source_id, (l.start_date + to_months(p.n))::date as first_day,
        round(l.quantity::decimal(38,8) * l.unit_price * (1 - l.discount_fraction)::decimal(18,8), 2) as booked
    from {_newest("contract_line")} l join {_newest("contract")} c on c.source_id = l.contract_source_id,
        (select range::int as n from range(24)) p
    where c.contract_status = 'activated' and l.start_date + to_months(p.n) <= least(l.end_date, $as_of)"""
BILLED = f"""
    select s.claimed_contract_line_id as source_id, i.service_start_date as first_day, sum(i.net_amount) as billed
    from {_newest("invoice_line")} i
    join {_newest("invoice")} d on d.source_id = i.invoice_source_id
    join {_newest("subscription_line")} s on s.source_id = i.subscription_line_source_id
    where d.document_status in ('open', 'paid', 'uncollectible')
    group by all"""
DEMANDED = f"""
    select document_number, unnest(['receivable', 'tax', 'sales']) as class, unnest([total_amount, -tax_amount, -net_amount]) as demanded
    from {_newest("invoice")} where document_status in ('open', 'paid', 'uncollectible') and issued_date <= $as_of"""
POSTED = f"""
    select p.claimed_document_number as document_number,
        case a.account_number when '1100' then 'receivable' when '2100' then 'tax' else 'sales' end as class,
        sum(p.transaction_amount) as posted
    from {_newest("posting")} p
    join (select source_id, ledger_account_number as account_number from mapped.ledger_account) a
        on a.source_id = p.ledger_account_source_id
    where p.is_posted and p.is_primary_book and p.posting_date <= $as_of and p.transaction_kind = 'invoice'
    group by all"""
LEGS = {
    "booked_billed": (BOOKED, BILLED, ("source_id", "first_day"), ("booked", "billed")),
    "billed_posted": (DEMANDED, POSTED, ("document_number", "class"), ("demanded", "posted")),
}
"""Leg -> its sides, the columns that they are joined on, and the amounts that are compared."""


def query(leg: str) -> str:
    """Every cell of the leg with both amounts."""
    left, right, keys, (mine, theirs) = LEGS[leg]
    columns = ", ".join(keys)
    return f"""
        select {columns}, coalesce({mine}, 0) as {mine}, coalesce({theirs}, 0) as {theirs}
        from ({left}) full join ({right}) using ({columns})"""


def differing(leg: str) -> str:
    """The condition of a cell that does not agree."""
    return " <> ".join(LEGS[leg][3])
