-- grain:   document_key
-- owner:   accounting
-- says:    which summary journal posts each document, how often, how that is known, and what it holds for the document, class by class
-- example: SUM-US-USD-2026-03-04 posts INV-7 of 120.00 once: known by company, currency and day (entity_day)
-- Methods: entity_day or batch; amounts_of_other_day, amounts_of_other_entity (the journal stands elsewhere, as a whole); other_summary
-- (this document alone stands in the summary of another day or company). Each document is taken by one journal at most.
with part as ( -- what is open of the documents of days that have a summary ...
    select
        d.document_key, d.group_key, 'open' as kind, d.open_receivable_amount as receivable_amount, d.open_tax_amount as tax_amount,
        d.open_deferred_amount as deferred_amount, d.open_revenue_amount as revenue_amount
    from link.summary_demand as d
    inner join link.summary_gap as g on d.group_key = g.group_key
    where d.is_open
    union all -- ... and what is found to be more or less in it
    select document_key, group_key, event_kind as kind, receivable_amount, tax_amount, deferred_amount, revenue_amount
    from link.summary_cause
),

taken as ( -- both together; a document that is missing is not taken
    select
        document_key,
        group_key,
        bool_or(kind = 'visiting') as is_visiting,
        sum(case when kind in ('open', 'twice', 'void', 'visiting') then 1 else 0 end) as times,
        sum(receivable_amount) as receivable_amount,
        sum(tax_amount) as tax_amount,
        sum(deferred_amount) as deferred_amount,
        sum(revenue_amount) as revenue_amount
    from part
    group by document_key, group_key
    having not bool_or(kind = 'missing')
)

select
    t.document_key,
    g.transaction_key,
    d.document_number,
    d.document_kind,
    d.document_state,
    case when t.is_visiting then 'other_summary' else g.method end as method,
    cast(t.times as integer) as times,
    g.transaction_number,
    t.group_key,
    g.posting_date,
    g.posted_entity_code as legal_entity_code,
    g.posted_period as period,
    d.currency,
    not t.is_visiting and (g.posted_entity_code <> d.legal_entity_code or g.posted_period <> d.period) as is_summary_elsewhere,
    cast(t.receivable_amount as decimal(20, 4)) as receivable_amount,
    cast(t.tax_amount as decimal(20, 4)) as tax_amount,
    cast(t.deferred_amount as decimal(20, 4)) as deferred_amount,
    cast(t.revenue_amount as decimal(20, 4)) as revenue_amount,
    'summary ' || g.transaction_number || ' posts ' || cast(g.documents as varchar) || ' documents of ' || t.group_key
    || case when t.times > 1 then ', this one twice' else '' end as evidence
from taken as t
inner join link.summary_gap as g on t.group_key = g.group_key
inner join link.summary_demand as d on t.document_key = d.document_key
