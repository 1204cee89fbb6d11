-- grain:   group_key, event_kind, document_key
-- owner:   accounting
-- says:    for each summary journal that differs from its documents: every document that may be behind it, and by how much it would be
-- example: SUM-US-1 posts 120.00 too little; INV-7 of 120.00 may be missing in it: receivable -120.00, tax 20.00, revenue 100.00
-- A document is missing; or counted twice (or in the summary and by a transaction of its own); or void and posted all the same; or posted
-- without its tax, or its deferral as revenue; or it belongs to another day within a week, or another company's same day, whose own
-- summary lacks it.
with gap as ( -- journals that differ
    select group_key, legal_entity_code, currency, occasion, issued_date
    from link.summary_gap
    where not is_exact
),

unposted as ( -- days or batches that something of may stand elsewhere
    select v.group_key
    from link.summary_group as v
    left join link.summary_gap as g on v.group_key = g.group_key
    where g.group_key is null or not g.is_exact
)

select
    g.group_key, 'missing' as event_kind, d.document_key, d.document_number,
    -d.open_receivable_amount as receivable_amount,
    -d.open_tax_amount as tax_amount,
    -d.open_deferred_amount as deferred_amount,
    -d.open_revenue_amount as revenue_amount
from gap as g
inner join link.summary_demand as d on g.group_key = d.group_key
where d.is_open
union all
select
    g.group_key, 'without_tax' as event_kind, d.document_key, d.document_number,
    d.open_tax_amount as receivable_amount,
    -d.open_tax_amount as tax_amount,
    cast(0 as decimal(20, 4)) as deferred_amount,
    cast(0 as decimal(20, 4)) as revenue_amount
from gap as g
inner join link.summary_demand as d on g.group_key = d.group_key
where d.is_open and d.open_tax_amount <> 0
union all
select
    g.group_key, 'as_revenue' as event_kind, d.document_key, d.document_number,
    cast(0 as decimal(20, 4)) as receivable_amount,
    cast(0 as decimal(20, 4)) as tax_amount,
    -d.open_deferred_amount as deferred_amount,
    d.open_deferred_amount as revenue_amount
from gap as g
inner join link.summary_demand as d on g.group_key = d.group_key
where d.is_open and d.open_deferred_amount <> 0
union all
select
    g.group_key, case d.document_state when 'void' then 'void' else 'twice' end as event_kind, d.document_key, d.document_number,
    d.receivable_amount, d.tax_amount, d.deferred_amount, d.revenue_amount
from gap as g
inner join link.summary_demand as d on g.group_key = d.group_key
where d.receivable_amount <> 0
union all
select
    g.group_key, 'visiting' as event_kind, d.document_key, d.document_number,
    d.open_receivable_amount as receivable_amount,
    d.open_tax_amount as tax_amount,
    d.open_deferred_amount as deferred_amount,
    d.open_revenue_amount as revenue_amount
from gap as g
inner join link.summary_demand as d
    on
        g.group_key <> d.group_key and g.currency = d.currency
        and (
            (g.legal_entity_code = d.legal_entity_code and d.issued_date between g.issued_date - 7 and g.issued_date + 7)
            or g.occasion = d.occasion
        )
inner join unposted as u on d.group_key = u.group_key
where d.is_open
