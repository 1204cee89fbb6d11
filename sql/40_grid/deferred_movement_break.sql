-- grain: cell_id
-- owner: accounting
-- says:  the differing cells of deferred-movement with the name of their record, the transaction behind them, and the cell that they mirror
with cell as ( -- differing cells, those in flight too
    select
        cell_id, part, record_key, legal_entity_code, period, currency, left_amount, right_amount, difference_amount, is_in_flight,
        mirrored_cell_id, first_transaction_key, last_transaction_key
    from grid.deferred_movement
    where difference_amount <> 0
),

numbered as ( -- names and kinds of their transactions
    select
        t.transaction_key,
        min(t.transaction_number) as transaction_number,
        min(t.transaction_kind) as transaction_kind
    from link.posted_transaction as t
    inner join (select distinct first_transaction_key from cell) as k on t.transaction_key = k.first_transaction_key
    group by t.transaction_key
),

sold as ( -- contract lines whose revenue is released: the record where nothing was posted at all
    select subject_key, min(contract_line_key) as contract_line_key
    from link.booked_line
    where contract_line_key = root_line_key
    group by subject_key
),

unbalanced as ( -- transactions that do not add up
    select transaction_key, min(transaction_number) as transaction_number
    from grid.transaction_balance
    group by transaction_key
)

select
    c.cell_id,
    c.part,
    c.record_key,
    coalesce(
        i.document_number,
        case when c.part = 'release' then c.record_key end,
        n.transaction_number,
        split_part(c.record_key, ':', 2)
    ) as subject_key,
    c.legal_entity_code,
    c.period,
    c.currency,
    c.left_amount,
    c.right_amount,
    c.difference_amount,
    c.is_in_flight,
    c.mirrored_cell_id,
    c.first_transaction_key,
    n.transaction_number,
    n.transaction_kind,
    coalesce(u.transaction_number, v.transaction_number) as unbalanced_transaction_number,
    '['
    || concat_ws(
        ',',
        '{"instance":"' || split_part(s.contract_line_key, ':', 1) || '","table":"contract_line","source_id":"'
        || split_part(s.contract_line_key, ':', 2) || '"}',
        '{"instance":"' || split_part(c.first_transaction_key, ':', 1) || '","table":"posting","source_id":"'
        || split_part(c.first_transaction_key, ':', 2) || '"}'
    )
    || ']' as evidence
from cell as c
left join numbered as n on c.first_transaction_key = n.transaction_key
left join unbalanced as u on c.first_transaction_key = u.transaction_key
left join unbalanced as v on c.last_transaction_key = v.transaction_key
left join sold as s on c.part = 'release' and c.record_key = s.subject_key
left join canonical.invoice as i on c.part = 'document' and c.record_key = i.instance || ':' || i.source_id
