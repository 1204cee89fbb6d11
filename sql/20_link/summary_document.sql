-- grain:   document_key
-- owner:   accounting
-- says:    which summary journal posts each document, how often, how that is known, and what it holds for the document, class by class
-- example: SUM-US-USD-2026-03-04 posts INV-7 of 120.00 once: known by company, currency and day (entity_day)
-- Methods: entity_day or batch; amounts_of_other_day, amounts_of_other_entity (the journal stands elsewhere, as a whole); other_summary
-- (this document alone stands in the summary of another day or company). Each document is taken by one journal at most.
with taken as ( -- documents of days that have a summary, unless it is found to lack them: what is open of them, and once more if twice ...
    select
        d.document_key, g.group_key, g.method, 1 as open_times, case when c.event_kind = 'twice' then 1 else 0 end as extra_times
    from link.summary_demand as d
    inner join link.summary_gap as g on d.group_key = g.group_key
    left join link.summary_cause as c on d.group_key = c.group_key and d.document_key = c.document_key
    where d.is_open and coalesce(c.event_kind, 'twice') = 'twice'
    union all -- ... those of other days: what is open of them ...
    select c.document_key, c.group_key, 'other_summary' as method, 1 as open_times, 0 as extra_times
    from link.summary_cause as c
    where c.event_kind = 'visiting'
    union all -- ... void ones, and those that a transaction of their own posts: all that they say
    select c.document_key, c.group_key, g.method, 0 as open_times, 1 as extra_times
    from link.summary_cause as c
    inner join link.summary_gap as g on c.group_key = g.group_key
    inner join link.summary_demand as d on c.document_key = d.document_key
    where c.event_kind = 'void' or (c.event_kind = 'twice' and not d.is_open)
)

select
    t.document_key,
    g.transaction_key,
    d.document_number,
    d.document_kind,
    d.document_state,
    t.method,
    t.open_times + t.extra_times as times,
    g.transaction_number,
    t.group_key,
    g.posting_date,
    g.posted_entity_code as legal_entity_code,
    g.posted_period as period,
    d.currency,
    t.method <> 'other_summary' and (g.posted_entity_code <> d.legal_entity_code or g.posted_period <> d.period) as is_summary_elsewhere,
    cast(d.open_receivable_amount * t.open_times + d.receivable_amount * t.extra_times as decimal(20, 4)) as receivable_amount,
    cast(d.open_tax_amount * t.open_times + d.tax_amount * t.extra_times as decimal(20, 4)) as tax_amount,
    cast(d.open_deferred_amount * t.open_times + d.deferred_amount * t.extra_times as decimal(20, 4)) as deferred_amount,
    cast(d.open_revenue_amount * t.open_times + d.revenue_amount * t.extra_times as decimal(20, 4)) as revenue_amount,
    'summary ' || g.transaction_number || ' posts ' || cast(g.documents as varchar) || ' documents of ' || t.group_key
    || case when t.open_times + t.extra_times = 2 then ', this one twice' else '' end as evidence
from taken as t
inner join link.summary_gap as g on t.group_key = g.group_key
inner join link.summary_demand as d on t.document_key = d.document_key
