-- grain: cell_id
-- owner: revenue operations
-- says:  the differing cells of booked-billed that are not in flight, with the facts that tell their causes apart
with cell as ( -- differing cells past their grace
    select
        cell_id, subject_key, contract_line_key, charge_type, is_subscribed, service_start_date, service_end_date, period, currency,
        legal_entity_code, left_amount, right_amount, difference_amount, expected_quantity, billed_quantity, regular_lines,
        first_document_key, last_document_key
    from grid.booked_billed
    where difference_amount <> 0 and not is_in_flight
),

in_force as ( -- what is sold on the first day of each of these cells, and the ramp step that it belongs to
    select
        c.cell_id,
        sum(b.quantity) as quantity,
        max(b.ramp_segment) as ramp_segment
    from cell as c
    inner join link.booked_line as b on c.contract_line_key = b.root_line_key
    where b.is_counted and c.service_start_date between b.start_date and b.end_date
    group by c.cell_id
),

step as ( -- full-period amount of every ramp step
    select
        b.root_line_key,
        b.ramp_segment,
        min(p.full_net_amount) as full_net_amount
    from link.booked_line as b
    inner join schedule.billing_period as p on b.contract_line_key = p.contract_line_key
    where b.ramp_segment is not null
    group by b.root_line_key, b.ramp_segment
),

earlier as ( -- cells billed at the terms of an earlier step: same share of that step's full period, up to rounding
    select distinct c.cell_id
    from cell as c
    inner join in_force as f on c.cell_id = f.cell_id
    inner join step as n on c.contract_line_key = n.root_line_key and f.ramp_segment = n.ramp_segment
    inner join step as o on c.contract_line_key = o.root_line_key and n.ramp_segment > o.ramp_segment
    inner join canonical.currency_unit as u on c.currency = u.currency
    where
        2 * abs(
            cast(c.right_amount as decimal(38, 4)) * n.full_net_amount - cast(c.left_amount as decimal(38, 4)) * o.full_net_amount
        ) <= cast(n.full_net_amount + o.full_net_amount as decimal(38, 4)) * u.minor_unit
        and c.right_amount <> 0
),

apart as ( -- periods billed in another currency, or by another entity, than the contract's; and whether their own cell breaks too
    select
        c.contract_line_key,
        c.service_start_date,
        bool_or(c.currency = b.currency and c.legal_entity_code = b.legal_entity_code) as is_home_broken,
        min(c.currency) filter (where c.right_amount <> 0 and c.currency <> b.currency) as other_currency,
        min(c.legal_entity_code) filter (
            where c.right_amount <> 0 and c.currency = b.currency and c.legal_entity_code <> b.legal_entity_code
        ) as other_entity_code
    from cell as c
    inner join link.booked_line as b on c.contract_line_key = b.contract_line_key
    group by c.contract_line_key, c.service_start_date
)

select
    c.cell_id,
    c.subject_key,
    c.contract_line_key,
    c.charge_type,
    c.is_subscribed,
    c.service_start_date,
    c.service_end_date,
    c.period,
    c.currency,
    c.legal_entity_code,
    c.left_amount,
    c.right_amount,
    c.difference_amount,
    c.expected_quantity,
    c.billed_quantity,
    c.regular_lines,
    c.first_document_key is null as is_nothing_billed,
    coalesce(f.quantity, 0) = 0 and c.service_start_date > b.root_start_date as is_ended,
    e.cell_id is not null as is_earlier_step,
    b.currency as contract_currency,
    b.legal_entity_code as contract_entity_code,
    c.currency = b.currency and c.legal_entity_code = b.legal_entity_code as is_home,
    coalesce(a.is_home_broken, false) as is_home_broken,
    a.other_currency,
    a.other_entity_code,
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
        '{"instance":"' || split_part(c.contract_line_key, ':', 1) || '","table":"contract_line","source_id":"'
        || split_part(c.contract_line_key, ':', 2) || '"}',
        '{"instance":"' || split_part(c.first_document_key, ':', 1) || '","table":"invoice","source_id":"'
        || split_part(c.first_document_key, ':', 2) || '"}',
        case
            when c.last_document_key <> c.first_document_key
                then
                    '{"instance":"' || split_part(c.last_document_key, ':', 1) || '","table":"invoice","source_id":"'
                    || split_part(c.last_document_key, ':', 2) || '"}'
        end
    )
    || ']' as evidence
from cell as c
left join link.booked_line as b on c.contract_line_key = b.contract_line_key
left join in_force as f on c.cell_id = f.cell_id
left join earlier as e on c.cell_id = e.cell_id
left join apart as a on c.contract_line_key = a.contract_line_key and c.service_start_date = a.service_start_date
left join canonical.currency_unit as u on c.currency = u.currency
