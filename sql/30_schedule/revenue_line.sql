-- grain:   revenue_line_key
-- owner:   accounting
-- says:    what each counted recurring or one-time contract line earns in all, how, and over which term; a line that was modified
--          and is treated as one contract with its changes earns segment by segment
-- example: 12,000.00 USD from 15 January 2026 to 14 January 2027, daily_straight_line over 365 days
-- Rules. A line earns what it bills, or what its contract's allocation gives it. A ratable line is earned by its source's convention
-- (daily_straight_line unless it says otherwise) from the later of its start and its activation; one activated after its end is
-- earned at once. A point-in-time line is earned on its first day.
with total as ( -- what each line bills in all
    select contract_line_key, sum(net_amount) as total_amount
    from schedule.billing_period
    group by contract_line_key
),

line as ( -- with the term of its service; a one-time charge may be paid on a day and earned over a term
    select
        b.contract_line_key,
        b.root_line_key,
        b.currency,
        b.legal_entity_code,
        coalesce(a.allocated_amount, t.total_amount) as total_amount,
        coalesce(k.rounding, 'half_up') as rounding,
        case when b.revenue_class = 'point_in_time' then 'point_in_time' else coalesce(k.recognition, 'daily_straight_line') end
            as recognition,
        coalesce(cast(b.service_start_at as timestamp), cast(b.start_date as timestamp)) as first_at,
        cast(b.activated_date as timestamp) as activated_at,
        coalesce(cast(b.service_end_at as timestamp), cast(b.end_date + 1 as timestamp)) as end_at
    from link.booked_line as b
    inner join total as t on b.contract_line_key = t.contract_line_key
    left join schedule.allocation as a on b.contract_line_key = a.contract_line_key
    left join policy.convention as k on b.instance = k.instance
)

select
    l.contract_line_key as revenue_line_key,
    l.contract_line_key,
    l.root_line_key,
    l.currency,
    l.legal_entity_code,
    l.total_amount,
    l.rounding,
    case when greatest(l.first_at, l.activated_at) >= l.end_at then 'point_in_time' else l.recognition end as recognition,
    case when l.recognition = 'point_in_time' then l.first_at else greatest(l.first_at, l.activated_at) end as start_at,
    l.end_at
from line as l
left join (select distinct root_line_key from schedule.modification) as m on l.root_line_key = m.root_line_key
where m.root_line_key is null or l.recognition = 'point_in_time'
union all -- modified lines by segment, under the key of the original line
select
    m.root_line_key || '#' || cast(m.segment_number as varchar) || m.part as revenue_line_key,
    m.root_line_key as contract_line_key,
    m.root_line_key,
    l.currency,
    l.legal_entity_code,
    m.total_amount,
    l.rounding,
    case when m.part = 'catch_up' then 'point_in_time' else l.recognition end as recognition,
    cast(m.start_date as timestamp) as start_at,
    cast(m.end_date + 1 as timestamp) as end_at
from schedule.modification as m
inner join line as l on m.root_line_key = l.contract_line_key
