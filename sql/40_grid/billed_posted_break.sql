-- grain: cell_id
-- owner: accounting
-- says:  the differing cells of billed-posted that are not in flight, with what tells their causes apart: the whole document's facts
with cell as ( -- differing cells past their grace
    select
        cell_id, document_key, unlinked_transaction_key, account_class, currency, legal_entity_code, period, left_amount,
        right_amount, difference_amount, first_transaction_key, last_transaction_key
    from grid.billed_posted
    where difference_amount <> 0 and not is_in_flight
),

whole as ( -- all cells of the documents that have a differing one, the agreeing ones too
    select
        g.document_key,
        coalesce(sum(g.left_amount) filter (where g.account_class = 'receivable'), 0) as billed_total,
        coalesce(sum(g.right_amount) filter (where g.account_class = 'receivable'), 0) as posted_total,
        coalesce(-sum(g.left_amount) filter (where g.account_class in ('revenue', 'deferred_revenue')), 0) as billed_net,
        coalesce(-sum(g.right_amount) filter (where g.account_class in ('revenue', 'deferred_revenue')), 0) as posted_net,
        coalesce(-sum(g.left_amount) filter (where g.account_class = 'tax'), 0) as billed_tax,
        coalesce(-sum(g.right_amount) filter (where g.account_class = 'tax'), 0) as posted_tax,
        min(g.legal_entity_code) filter (where g.left_amount <> 0) as billed_entity_code,
        min(g.legal_entity_code) filter (where g.right_amount <> 0) as posted_entity_code,
        max(g.legal_entity_code) filter (where g.right_amount <> 0) as last_posted_entity_code,
        min(g.period) filter (where g.left_amount <> 0) as billed_period,
        min(g.period) filter (where g.right_amount <> 0) as posted_period,
        max(g.period) filter (where g.right_amount <> 0) as last_posted_period
    from grid.billed_posted as g
    inner join (select distinct document_key from cell) as k on g.document_key = k.document_key
    group by g.document_key
),

poster as ( -- transactions that stand for a document: how many, which, and whether one of them does not balance
    select
        d.document_key,
        count(distinct d.transaction_key) as transactions,
        min(d.transaction_key) as first_transaction_key,
        max(d.transaction_key) as last_transaction_key,
        min(b.transaction_number) as unbalanced_transaction_number
    from link.document as d
    left join grid.transaction_balance as b on d.transaction_key = b.transaction_key
    where d.document_key is not null and d.transaction_kind in ('invoice', 'credit_memo', 'journal')
    group by d.document_key
),

known as ( -- billing documents, deleted ones too
    select
        instance || ':' || source_id as document_key,
        document_number,
        document_kind,
        case when document_status = 'void' then 'void' when document_status = 'draft' then 'draft' else 'live' end as document_state
    from canonical.invoice
    union all
    select
        instance || ':' || source_id as document_key,
        document_number,
        cast(null as varchar) as document_kind,
        'deleted' as document_state
    from canonical.gone_invoice
)

select
    c.cell_id,
    c.document_key,
    coalesce(k.document_number, split_part(c.document_key, ':', 2), d.transaction_number, c.unlinked_transaction_key) as subject_key,
    c.account_class,
    c.currency,
    c.legal_entity_code,
    c.period,
    c.left_amount,
    c.right_amount,
    c.difference_amount,
    k.document_kind,
    coalesce(k.document_state, 'unknown') as document_state,
    coalesce(p.transactions, 1) as transactions,
    coalesce(p.unbalanced_transaction_number, b.transaction_number) as unbalanced_transaction_number,
    w.billed_total,
    w.posted_total,
    w.billed_net,
    w.posted_net,
    w.billed_tax,
    w.posted_tax,
    w.billed_entity_code,
    w.posted_entity_code,
    w.billed_period,
    w.posted_period,
    p.document_key is null as is_nothing_posted,
    w.posted_entity_code <> w.billed_entity_code and w.posted_entity_code = w.last_posted_entity_code as is_other_entity,
    w.posted_period <> w.billed_period and w.posted_period = w.last_posted_period as is_other_period,
    d.transaction_number,
    d.claimed_document_number,
    c.account_class || ' of ' || c.legal_entity_code || ' in ' || substr(cast(c.period as varchar), 1, 7) as cell_text,
    case u.exponent
        when 0 then cast(cast(c.left_amount as decimal(20, 0)) as varchar)
        when 3 then cast(cast(c.left_amount as decimal(20, 3)) as varchar)
        else cast(cast(c.left_amount as decimal(20, 2)) as varchar)
    end || ' ' || c.currency as left_text,
    case u.exponent
        when 0 then cast(cast(c.right_amount as decimal(20, 0)) as varchar)
        when 3 then cast(cast(c.right_amount as decimal(20, 3)) as varchar)
        else cast(cast(c.right_amount as decimal(20, 2)) as varchar)
    end || ' ' || c.currency as right_text,
    '['
    || concat_ws(
        ',',
        '{"instance":"' || split_part(c.document_key, ':', 1) || '","table":"invoice","source_id":"'
        || split_part(c.document_key, ':', 2) || '"}',
        '{"instance":"' || split_part(coalesce(p.first_transaction_key, c.first_transaction_key), ':', 1)
        || '","table":"posting","source_id":"' || split_part(coalesce(p.first_transaction_key, c.first_transaction_key), ':', 2) || '"}',
        case
            when p.last_transaction_key <> p.first_transaction_key
                then
                    '{"instance":"' || split_part(p.last_transaction_key, ':', 1) || '","table":"posting","source_id":"'
                    || split_part(p.last_transaction_key, ':', 2) || '"}'
        end
    )
    || ']' as evidence
from cell as c
left join whole as w on c.document_key = w.document_key
left join poster as p on c.document_key = p.document_key
left join known as k on c.document_key = k.document_key
left join link.document as d on c.unlinked_transaction_key = d.transaction_key
left join (
    select transaction_key, min(transaction_number) as transaction_number from grid.transaction_balance group by transaction_key
) as b on c.unlinked_transaction_key = b.transaction_key
left join canonical.currency_unit as u on c.currency = u.currency
