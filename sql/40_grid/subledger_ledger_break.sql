-- grain: cell_id
-- owner: accounting
-- says:  the differing cells of subledger-ledger with the business name of their record and what tells their causes apart
with cell as ( -- differing cells, those in flight too: they are named as well
    select
        cell_id, part, record_key, currency, legal_entity_code, period, left_amount, right_amount, difference_amount, is_in_flight,
        first_transaction_key, last_transaction_key
    from grid.subledger_ledger
    where difference_amount <> 0
),

poster as ( -- how many transactions post each payment or refund, and what they take from the receivable in all
    select
        l.money_key,
        count(distinct l.transaction_key) as transactions,
        coalesce(-sum(t.receivable_amount), 0) as posted_amount
    from link.money_posting as l
    inner join link.posted_transaction as t on l.transaction_key = t.transaction_key
    where l.money_key in (select record_key from cell where part = 'money')
    group by l.money_key
),

numbered as ( -- names of transactions
    select
        t.transaction_key,
        min(t.transaction_number) as transaction_number,
        min(t.transaction_kind) as transaction_kind,
        min(d.claimed_document_number) as claimed_document_number
    from link.posted_transaction as t
    left join link.document as d on t.transaction_key = d.transaction_key
    where t.transaction_key in (select first_transaction_key from cell)
    group by t.transaction_key
)

select
    c.cell_id,
    c.part,
    c.record_key,
    coalesce(
        m.source_id, i.document_number, case when c.part = 'transaction' then n.transaction_number end, split_part(c.record_key, ':', 2)
    ) as subject_key,
    c.currency,
    c.legal_entity_code,
    c.period,
    c.left_amount,
    c.right_amount,
    c.difference_amount,
    c.is_in_flight,
    m.payment_kind,
    m.payment_amount,
    m.legal_entity_code as home_entity_code,
    m.document_number as settled_document_number,
    coalesce(p.transactions, 0) as transactions,
    coalesce(p.posted_amount, 0) as posted_amount,
    n.transaction_kind,
    n.claimed_document_number,
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
        case
            when c.part <> 'transaction'
                then
                    '{"instance":"' || split_part(c.record_key, ':', 1) || '","table":"' || case
                        when c.part <> 'money' then 'invoice' when m.payment_kind = 'refund' then 'payment' else 'payment_application'
                    end
                    || '","source_id":"' || split_part(c.record_key, ':', 2) || '"}'
        end,
        '{"instance":"' || split_part(c.first_transaction_key, ':', 1) || '","table":"posting","source_id":"'
        || split_part(c.first_transaction_key, ':', 2) || '"}',
        case
            when c.last_transaction_key <> c.first_transaction_key
                then
                    '{"instance":"' || split_part(c.last_transaction_key, ':', 1) || '","table":"posting","source_id":"'
                    || split_part(c.last_transaction_key, ':', 2) || '"}'
        end
    )
    || ']' as evidence
from cell as c
left join link.money as m on c.part = 'money' and c.record_key = m.money_key
left join poster as p on c.part = 'money' and c.record_key = p.money_key
left join canonical.invoice as i on c.part in ('document', 'footing') and c.record_key = i.instance || ':' || i.source_id
left join numbered as n on c.first_transaction_key = n.transaction_key
left join canonical.currency_unit as u on c.currency = u.currency
