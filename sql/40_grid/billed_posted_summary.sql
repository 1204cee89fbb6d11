-- grain:   cell_id
-- owner:   accounting
-- says:    what is left of summary journals when their documents have taken their parts, with what tells its cause apart: the whole journal
-- example: SUM-US-1 demands 360.00 by its documents and posts 350.00: -10.00 is left; the net of the journal differs (BP04)
with left_over as ( -- differing cells of summary journals, with what documents took of the same amounts
    select
        b.cell_id, s.transaction_key, s.legal_entity_code, s.currency, s.period, s.posted_amount, s.documents_amount
    from link.summary_share as s
    inner join grid.billed_posted as b
        on
            s.transaction_key = b.unlinked_transaction_key and s.account_class = b.account_class
            and s.legal_entity_code = b.legal_entity_code and s.currency = b.currency and s.period = b.period
    where s.document_key is null
),

demanded as ( -- documents' demands of each day or batch and the first journal that posts them, the whole of both
    select
        g.transaction_key, g.transaction_number, g.journals, g.group_key, g.documents, g.legal_entity_code, g.period, g.currency,
        d.receivable_amount as billed_total, d.tax_amount as billed_tax, d.deferred_amount + d.revenue_amount as billed_net,
        d.receivable_amount + g.receivable_amount as posted_total,
        d.tax_amount + g.tax_amount as posted_tax,
        d.deferred_amount + d.revenue_amount + g.deferred_amount + g.revenue_amount as posted_net
    from link.summary_gap as g
    inner join link.summary_group as d on g.group_key = d.group_key
),

candidate as ( -- what may explain a difference that is not explained: all sets of documents by name, the first few
    select
        group_key,
        string_agg(said, ' or ' order by said) as candidates
    from (
        select
            e.group_key,
            string_agg(d.document_number || ' ' || replace(e.event_kind, '_', ' '), ' with ' order by d.document_number) as said,
            row_number() over (partition by e.group_key order by min(d.document_number), e.explanation) as place
        from link.summary_explanation as e
        inner join link.summary_demand as d on e.document_key = d.document_key
        left join (select distinct group_key from link.summary_cause) as c on e.group_key = c.group_key
        where c.group_key is null
        group by e.group_key, e.explanation
    ) as listed
    where place <= 10
    group by group_key
),

named as ( -- documents of each day, for the evidence
    select
        group_key,
        string_agg(
            '{"instance":"' || split_part(document_key, ':', 1) || '","table":"invoice","source_id":"'
            || split_part(document_key, ':', 2) || '"}', ',' order by document_key
        ) as evidence
    from link.summary_demand
    where is_open
    group by group_key
)

select -- journals that post a day or batch
    s.cell_id,
    s.documents_amount,
    'live' as document_state,
    d.journals as transactions,
    d.billed_total,
    d.posted_total,
    -d.billed_net as billed_net,
    -d.posted_net as posted_net,
    -d.billed_tax as billed_tax,
    -d.posted_tax as posted_tax,
    d.legal_entity_code as billed_entity_code,
    d.period as billed_period,
    d.currency as billed_currency,
    ' for the ' || cast(d.documents as varchar) || ' documents of ' || d.group_key
    || coalesce('; exactly ' || c.candidates || ' would explain it', '') as remark,
    n.evidence
from left_over as s
inner join demanded as d on s.transaction_key = d.transaction_key
left join candidate as c on d.group_key = c.group_key
left join named as n on d.group_key = n.group_key
union all -- journals that repeat another one, or that nothing is known of
select
    s.cell_id,
    case p.method when 'repeats' then s.posted_amount else s.documents_amount end as documents_amount,
    case p.method when 'repeats' then 'live' else 'unknown' end as document_state,
    2 as transactions,
    p.receivable_amount as billed_total,
    p.receivable_amount * 2 as posted_total,
    -(p.deferred_amount + p.revenue_amount) as billed_net,
    -(p.deferred_amount + p.revenue_amount) * 2 as posted_net,
    -p.tax_amount as billed_tax,
    -p.tax_amount * 2 as posted_tax,
    p.legal_entity_code as billed_entity_code,
    p.period as billed_period,
    p.currency as billed_currency,
    coalesce(
        '; it repeats ' || o.transaction_number, '; no documents of ' || p.legal_entity_code || ' in ' || p.currency
        || ' on ' || cast(p.posting_date as varchar) || ' wait for it' || coalesce(', it may stand for or repeat ' || p.candidates, '')
    ) as remark,
    '{"instance":"' || split_part(p.repeated_transaction_key, ':', 1) || '","table":"posting","source_id":"'
    || split_part(p.repeated_transaction_key, ':', 2) || '"}' as evidence
from left_over as s
inner join link.summary_placing as p
    on
        s.transaction_key = p.transaction_key and s.legal_entity_code = p.legal_entity_code and s.currency = p.currency
        and s.period = p.period
left join (
    select transaction_key, min(transaction_number) as transaction_number
    from link.summary_placing
    group by transaction_key
) as o on p.repeated_transaction_key = o.transaction_key
where p.group_key is null
