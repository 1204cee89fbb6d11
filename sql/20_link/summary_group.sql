-- grain:   group_key
-- owner:   accounting
-- says:    days (or batches) of a company and currency with what their documents still demand of a summary journal together
-- example: US USD 2026-03-04: three documents demand receivable 360.00, tax -60.00, deferred_revenue -300.00
select
    group_key,
    min(legal_entity_code) as legal_entity_code,
    min(currency) as currency,
    min(occasion) as occasion,
    min(issued_date) as issued_date,
    min(period) as period,
    count(*) as documents,
    cast(sum(open_receivable_amount) as decimal(20, 4)) as receivable_amount,
    cast(sum(open_tax_amount) as decimal(20, 4)) as tax_amount,
    cast(sum(open_deferred_amount) as decimal(20, 4)) as deferred_amount,
    cast(sum(open_revenue_amount) as decimal(20, 4)) as revenue_amount
from link.summary_demand
where is_open
group by group_key
