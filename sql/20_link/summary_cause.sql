-- grain:   group_key, document_key
-- owner:   accounting
-- says:    documents that are found to be behind the difference of a summary journal, and by how much: missing, counted twice, void ...
-- example: INV-7 is missing in SUM-US-1; the summary of the next day holds it: there it is visiting
-- A document visits one summary at most, and only where its own day has no summary or is found to lack it; an explanation of which that
-- does not hold is given up as a whole.
with only_one as ( -- explanations without a rival
    select group_key, event_kind, document_key, receivable_amount, tax_amount, deferred_amount, revenue_amount
    from link.summary_explanation
    where is_only_one
),

visitor as ( -- documents of other days, with how many summaries would hold them and whether their own day lets them go
    select
        o.group_key,
        o.document_key,
        count(*) over (partition by o.document_key) as summaries,
        h.group_key is null or m.document_key is not null as is_free
    from only_one as o
    inner join link.summary_demand as d on o.document_key = d.document_key
    left join link.summary_gap as h on d.group_key = h.group_key
    left join only_one as m on d.group_key = m.group_key and d.document_key = m.document_key and m.event_kind = 'missing'
    where o.event_kind = 'visiting'
),

refused as ( -- explanations with a visitor that cannot be one
    select distinct group_key
    from visitor
    where summaries > 1 or not is_free
)

select
    o.group_key, o.event_kind, o.document_key, o.receivable_amount, o.tax_amount, o.deferred_amount, o.revenue_amount
from only_one as o
left join refused as r on o.group_key = r.group_key
where r.group_key is null
