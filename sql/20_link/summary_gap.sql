-- grain:   group_key
-- owner:   accounting
-- says:    days or batches that a summary journal posts, with the journal and what it posts beyond its documents, class by class
-- example: SUM-US-1 posts receivable 240.00, its documents demand 360.00: -120.00; where nothing differs, all is 0.00
with posted as ( -- all journals of a day or batch together
    select
        group_key,
        min(transaction_key) as transaction_key,
        min(transaction_number) as transaction_number,
        count(*) as journals,
        min(method) as method,
        min(legal_entity_code) as posted_entity_code,
        min(period) as posted_period,
        min(posting_date) as posting_date,
        sum(receivable_amount) as receivable_amount,
        sum(tax_amount) as tax_amount,
        sum(deferred_amount) as deferred_amount,
        sum(revenue_amount) as revenue_amount
    from link.summary_placing
    where group_key is not null
    group by group_key
)

select
    p.group_key,
    p.transaction_key,
    p.transaction_number,
    p.journals,
    p.method,
    p.posted_entity_code,
    p.posted_period,
    p.posting_date,
    g.legal_entity_code,
    g.period,
    g.currency,
    g.occasion,
    g.issued_date,
    g.documents,
    cast(p.receivable_amount - g.receivable_amount as decimal(20, 4)) as receivable_amount,
    cast(p.tax_amount - g.tax_amount as decimal(20, 4)) as tax_amount,
    cast(p.deferred_amount - g.deferred_amount as decimal(20, 4)) as deferred_amount,
    cast(p.revenue_amount - g.revenue_amount as decimal(20, 4)) as revenue_amount,
    p.receivable_amount = g.receivable_amount and p.tax_amount = g.tax_amount and p.deferred_amount = g.deferred_amount
    and p.revenue_amount = g.revenue_amount as is_exact
from posted as p
inner join link.summary_group as g on p.group_key = g.group_key
