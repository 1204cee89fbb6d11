-- grain:   summary_key: transaction, legal_entity_code, currency, period
-- owner:   accounting
-- says:    summary journals with what each posts to the classes that documents demand, and the day or batch that it stands for
-- example: SUM-US-USD-2026-03-04 posts receivable 360.00, tax -60.00, deferred_revenue -300.00 for all documents of US in USD of that day
with posted as ( -- one row a journal and company
    select
        t.transaction_key,
        t.legal_entity_code,
        t.currency,
        t.period,
        min(t.transaction_number) as transaction_number,
        min(t.posting_date) as posting_date,
        min(d.claimed_document_number) as batch,
        min(c.grouping) as grouping,
        coalesce(sum(t.receivable_amount), 0) as receivable_amount,
        coalesce(sum(t.tax_amount), 0) as tax_amount,
        coalesce(sum(t.deferred_revenue_amount), 0) as deferred_amount,
        coalesce(sum(t.revenue_amount), 0) as revenue_amount
    from link.posted_transaction as t
    inner join link.document as d on t.transaction_key = d.transaction_key
    inner join policy.summary_convention as c on split_part(t.transaction_key, ':', 1) = c.instance
    where
        t.transaction_kind = 'summary'
        and coalesce(t.receivable_amount, t.tax_amount, t.deferred_revenue_amount, t.revenue_amount) is not null
    group by t.transaction_key, t.legal_entity_code, t.currency, t.period
)

select
    transaction_key || ' ' || legal_entity_code || ' ' || currency || ' ' || cast(period as varchar) as summary_key,
    transaction_key,
    coalesce(transaction_number, split_part(transaction_key, ':', 2)) as transaction_number,
    legal_entity_code,
    currency,
    period,
    posting_date,
    case grouping when 'batch' then coalesce(batch, 'no batch') else cast(posting_date as varchar) end as occasion,
    legal_entity_code || ' ' || currency || ' '
    || case grouping when 'batch' then coalesce(batch, 'no batch') else cast(posting_date as varchar) end as group_key,
    grouping,
    cast(receivable_amount as decimal(20, 4)) as receivable_amount,
    cast(tax_amount as decimal(20, 4)) as tax_amount,
    cast(deferred_amount as decimal(20, 4)) as deferred_amount,
    cast(revenue_amount as decimal(20, 4)) as revenue_amount
from posted
