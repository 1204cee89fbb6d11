-- grain: cell_id
-- owner: accounting
-- says:  the differing cells of posted-recognised that are not in flight, with what tells their causes apart
with cell as ( -- differing cells past their grace
    select
        cell_id, subject_key, grain_used, contract_line_key, period, currency, legal_entity_code, left_amount, right_amount,
        difference_amount, first_document_key, last_document_key, first_transaction_key, last_transaction_key
    from grid.posted_recognised
    where difference_amount <> 0 and not is_in_flight
),

sold as ( -- what of each line's contract is in force in the month: nothing left of what was sold is a cancelled contract
    select
        c.cell_id,
        sum(b.quantity) as quantity
    from cell as c
    inner join link.booked_line as b on c.contract_line_key = b.root_line_key
    where
        b.is_counted
        and b.start_date < cast(c.period + interval '1' month as date)
        and b.end_date >= c.period
    group by c.cell_id
),

unbalanced as ( -- transactions that do not add up
    select
        transaction_key,
        min(transaction_number) as transaction_number
    from grid.transaction_balance
    group by transaction_key
)

select
    c.cell_id,
    c.subject_key,
    c.contract_line_key,
    c.grain_used,
    c.period,
    c.currency,
    c.legal_entity_code,
    c.left_amount,
    c.right_amount,
    c.difference_amount,
    coalesce(u.transaction_number, v.transaction_number) as unbalanced_transaction_number,
    case
        when not coalesce(b.is_counted, true) then 'not activated' when s.quantity = 0 then 'cancelled' else 'in force'
    end as contract_state,
    substr(cast(c.period as varchar), 1, 7) as period_text,
    case m.exponent
        when 0 then cast(cast(c.left_amount as decimal(20, 0)) as varchar)
        when 3 then cast(cast(c.left_amount as decimal(20, 3)) as varchar)
        else cast(cast(c.left_amount as decimal(20, 2)) as varchar)
    end || ' ' || c.currency as left_text,
    case m.exponent
        when 0 then cast(cast(c.right_amount as decimal(20, 0)) as varchar)
        when 3 then cast(cast(c.right_amount as decimal(20, 3)) as varchar)
        else cast(cast(c.right_amount as decimal(20, 2)) as varchar)
    end || ' ' || c.currency as right_text,
    '['
    || concat_ws(
        ',',
        '{"instance":"' || split_part(c.contract_line_key, ':', 1) || '","table":"contract_line","source_id":"'
        || split_part(c.contract_line_key, ':', 2) || '"}',
        '{"instance":"' || split_part(c.first_document_key, ':', 1) || '","table":"invoice","source_id":"'
        || split_part(c.first_document_key, ':', 2) || '"}',
        case
            when c.last_document_key <> c.first_document_key
                then
                    '{"instance":"' || split_part(c.last_document_key, ':', 1) || '","table":"invoice","source_id":"'
                    || split_part(c.last_document_key, ':', 2) || '"}'
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
left join link.booked_line as b on c.contract_line_key = b.contract_line_key
left join sold as s on c.cell_id = s.cell_id
left join unbalanced as u on c.first_transaction_key = u.transaction_key
left join unbalanced as v on c.last_transaction_key = v.transaction_key
left join canonical.currency_unit as m on c.currency = m.currency
