-- grain: cell_id
-- owner: accounting
-- says:  the differing cells of billed-posted that are not in flight, with what tells their causes apart: the whole document's facts
with cell as ( -- differing cells past their grace; of a summary journal with the amounts of the whole journal
    select
        b.cell_id, b.document_key, b.unlinked_transaction_key, b.account_class, b.currency, b.legal_entity_code, b.period,
        b.left_amount + coalesce(s.documents_amount, 0) as left_amount,
        b.right_amount + coalesce(s.documents_amount, 0) as right_amount,
        b.difference_amount, b.first_transaction_key, b.last_transaction_key
    from grid.billed_posted as b
    left join grid.billed_posted_summary as s on b.cell_id = s.cell_id
    where b.difference_amount <> 0 and not b.is_in_flight
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
    coalesce(
        w.summary_number, k.document_number, split_part(c.document_key, ':', 2), d.transaction_number, c.unlinked_transaction_key
    ) as subject_key,
    c.account_class,
    c.currency,
    c.legal_entity_code,
    c.period,
    c.left_amount,
    c.right_amount,
    c.difference_amount,
    k.document_kind,
    coalesce(k.document_state, s.document_state, 'unknown') as document_state,
    coalesce(w.transactions, s.transactions, 1) as transactions,
    coalesce(w.unbalanced_transaction_number, b.transaction_number) as unbalanced_transaction_number,
    coalesce(w.billed_total, s.billed_total) as billed_total,
    coalesce(w.posted_total, s.posted_total) as posted_total,
    coalesce(w.billed_net, s.billed_net) as billed_net,
    coalesce(w.posted_net, s.posted_net) as posted_net,
    coalesce(w.billed_tax, s.billed_tax) as billed_tax,
    coalesce(w.posted_tax, s.posted_tax) as posted_tax,
    coalesce(w.billed_entity_code, s.billed_entity_code) as billed_entity_code,
    w.posted_entity_code,
    coalesce(w.billed_period, s.billed_period) as billed_period,
    w.posted_period,
    coalesce(w.billed_currency, s.billed_currency) as billed_currency,
    w.posted_currency,
    coalesce(w.is_nothing_posted, s.cell_id is null) as is_nothing_posted,
    coalesce(w.is_other_entity, false) as is_other_entity,
    coalesce(w.is_other_period, false) as is_other_period,
    coalesce(w.is_other_currency, false) as is_other_currency,
    d.transaction_number,
    d.claimed_document_number,
    d.candidates,
    coalesce(s.remark, '; ' || r.remark, '') as remark,
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
        '{"instance":"' || split_part(coalesce(w.first_transaction_key, c.first_transaction_key), ':', 1)
        || '","table":"posting","source_id":"' || split_part(coalesce(w.first_transaction_key, c.first_transaction_key), ':', 2) || '"}',
        case
            when w.last_transaction_key <> w.first_transaction_key
                then
                    '{"instance":"' || split_part(w.last_transaction_key, ':', 1) || '","table":"posting","source_id":"'
                    || split_part(w.last_transaction_key, ':', 2) || '"}'
        end,
        case
            when w.first_transaction_key is null and r.transaction_key is not null
                then
                    '{"instance":"' || split_part(r.transaction_key, ':', 1) || '","table":"posting","source_id":"'
                    || split_part(r.transaction_key, ':', 2) || '"}'
        end,
        s.evidence
    )
    || ']' as evidence
from cell as c
left join grid.billed_posted_document as w on c.document_key = w.document_key
left join grid.billed_posted_summary as s on c.cell_id = s.cell_id
left join grid.summary_remark as r on c.document_key = r.document_key
left join known as k on c.document_key = k.document_key
left join link.document as d on c.unlinked_transaction_key = d.transaction_key
left join (
    select transaction_key, min(transaction_number) as transaction_number from grid.transaction_balance group by transaction_key
) as b on c.unlinked_transaction_key = b.transaction_key
left join canonical.currency_unit as u on c.currency = u.currency
