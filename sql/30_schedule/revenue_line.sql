-- grain:   contract_line_key
-- owner:   accounting
-- says:    what each counted recurring or one-time contract line earns in all, how, and over which term
-- example: 12,000.00 USD from 15 January 2026 to 14 January 2027, daily_straight_line over 365 days
-- Rules. A ratable line is earned by its source's convention (daily_straight_line unless it says otherwise) from the later of its
-- start and its activation; one activated after its end is earned at once. A point-in-time line is earned on its first day.
with total as ( -- what each line bills in all, which is what it earns
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
        b.activated_date,
        t.total_amount,
        coalesce(k.rounding, 'half_up') as rounding,
        case when b.revenue_class = 'point_in_time' then 'point_in_time' else coalesce(k.recognition, 'daily_straight_line') end
            as recognition,
        greatest(coalesce(cast(b.service_start_at as timestamp), cast(b.start_date as timestamp)), cast(b.activated_date as timestamp))
            as start_at,
        coalesce(cast(b.service_end_at as timestamp), cast(b.end_date + 1 as timestamp)) as end_at,
        coalesce(cast(b.service_start_at as timestamp), cast(b.start_date as timestamp)) as first_at
    from link.booked_line as b
    inner join total as t on b.contract_line_key = t.contract_line_key
    left join policy.convention as k on b.instance = k.instance
)

select
    contract_line_key,
    root_line_key,
    currency,
    legal_entity_code,
    total_amount,
    rounding,
    case when start_at >= end_at then 'point_in_time' else recognition end as recognition,
    case when recognition = 'point_in_time' then first_at else start_at end as start_at,
    end_at
from line
