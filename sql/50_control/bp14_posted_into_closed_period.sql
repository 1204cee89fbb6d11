-- control:  BP14
-- priority: 50
-- severity: high
-- grain:    transaction
-- owner:    accounting
-- queue:    finance_operations
-- says:     posted into a closed period
-- repair:   review
-- example:  April was closed on 9 June, on 12 June somebody enters an invoice dated in April
-- Late is what was entered after its period's close; what a period held before is not touched by closing it. A document that does
-- not belong to that period at all is BP07's, and only that.
with late as ( -- lines entered in a period after its close
    select
        p.instance || ':' || p.transaction_source_id as transaction_key,
        min(p.transaction_number) as transaction_number,
        min(t.period_name) as period_name,
        min(t.closed_at) as closed_at,
        min(p.created_at) as created_at
    from canonical.posting as p
    inner join canonical.accounting_period as t on p.instance = t.instance and p.accounting_period_source_id = t.source_id
    where
        p.is_posted and p.is_primary_book and not p.is_voided and t.period_state = 'closed' and p.created_at > t.closed_at
    group by p.instance, p.transaction_source_id
)

select -- their transactions on controlled accounts, worth as expected there (nothing more) minus found
    cast(null as varchar) as cell_id,
    coalesce(d.document_number, l.transaction_number) as subject_key,
    'BP' as leg,
    a.legal_entity_code,
    a.currency,
    a.period,
    cast(-a.worth_amount as decimal(20, 4)) as difference_amount,
    l.period_name || ' was closed on ' || cast(cast(l.closed_at as date) as varchar) || ', ' || l.transaction_number || ' of '
    || cast(a.worth_amount as varchar) || ' ' || a.currency || ' was entered there on '
    || cast(cast(l.created_at as date) as varchar) as reason,
    '[{"instance":"' || split_part(l.transaction_key, ':', 1) || '","table":"posting","source_id":"'
    || split_part(l.transaction_key, ':', 2) || '"}]' as evidence,
    'nothing is entered in ' || l.period_name || ' after its close on ' || cast(cast(l.closed_at as date) as varchar) as expected_text,
    l.transaction_number || ' of ' || cast(a.worth_amount as varchar) || ' ' || a.currency || ' was entered there on '
    || cast(cast(l.created_at as date) as varchar) as found_text
from late as l
inner join grid.transaction_amount as a on l.transaction_key = a.transaction_key
left join link.document as d on l.transaction_key = d.transaction_key and d.transaction_kind in ('invoice', 'credit_memo')
left join grid.billed_posted_document as w on d.document_key = w.document_key
left join (
    select distinct transaction_key from link.summary_document where is_summary_elsewhere
) as s on l.transaction_key = s.transaction_key
where not coalesce(w.is_other_period, false) and s.transaction_key is null
