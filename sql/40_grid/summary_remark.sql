-- grain:   document_key
-- owner:   accounting
-- says:    what the summary journals have to do with a document that they hold wrongly or not at all, in words, with the journal
-- example: INV-7: "SUM-US-USD-2026-03-04 posts the other 2 documents of US USD 2026-03-04 to the cent, and lacks this one"
with stood as ( -- documents that a found difference names
    select
        c.document_key, c.event_kind, g.transaction_key, g.transaction_number, g.group_key, g.documents,
        row_number() over (partition by c.document_key order by c.event_kind = 'missing' asc, c.event_kind asc, c.group_key asc) as place
    from link.summary_cause as c
    inner join link.summary_gap as g on c.group_key = g.group_key
)

select
    document_key,
    transaction_key,
    case event_kind
        when 'missing'
            then
                transaction_number || ' posts the rest of the ' || cast(documents as varchar) || ' documents of ' || group_key
                || ' to the cent, and lacks this one'
        when 'twice' then transaction_number || ', the summary of ' || group_key || ', holds it once too often'
        when 'void' then transaction_number || ', the summary of ' || group_key || ', still holds it'
        when 'visiting' then transaction_number || ', the summary of ' || group_key || ', holds it instead of its own'
        when 'without_tax' then transaction_number || ', the summary of ' || group_key || ', holds it without its tax'
        else transaction_number || ', the summary of ' || group_key || ', holds its deferral as revenue'
    end as remark
from stood
where place = 1
union all -- documents of journals that stand elsewhere as a whole
select
    d.document_key,
    d.transaction_key,
    'it is the summary of the ' || cast(g.documents as varchar) || ' documents of ' || d.group_key as remark
from link.summary_document as d
inner join link.summary_gap as g on d.group_key = g.group_key
left join stood as s on d.document_key = s.document_key
where d.is_summary_elsewhere and s.document_key is null
union all -- documents of days that no journal posts, nor a transaction of their own
select
    d.document_key,
    cast(null as varchar) as transaction_key,
    'no summary journal posts ' || d.group_key as remark
from link.summary_demand as d
left join link.summary_gap as g on d.group_key = g.group_key
left join stood as s on d.document_key = s.document_key
where d.is_open and d.open_receivable_amount = d.receivable_amount and g.group_key is null and s.document_key is null
