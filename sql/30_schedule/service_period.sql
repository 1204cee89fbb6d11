-- grain:   contract_line_key, period_number
-- owner:   revenue operations
-- says:    the service periods of each recurring or one-time contract line, and what share of its full period each is owed for
-- example: from 15 January on calendar months: 15 to 31 January is 17 of 31 days, February 1 of 1 (whole)
-- Rules. The n-th boundary is the anchor + n periods, clipped at short months and counted from the anchor's own day (31 January,
-- 28 February, 31 March). A partial period is its days over the days of that full period, in the line's own day count: actual days;
-- 30/360 (every month 30 days, a 31st counts as a 30th, the end is the day after: 11 to 28 February is 20 of 30); or seconds (UTC).
-- Without proration (none) a period begun is owed whole, with the discount of its first day.
-- A discount of part of the period takes its share of the same days: n/d off for 10 of 30 days is (30 x d - 10 x n) of 30 x d.
with numbered as ( -- periods that may touch the line, one row a period
    select
        contract_line_key,
        unnest(generate_series(
            case
                when period_months = 0 then 0
                else
                    greatest(
                        ((year(start_at) - year(anchor_at)) * 12 + month(start_at) - month(anchor_at)) // greatest(period_months, 1) - 1, 0
                    )
            end,
            case
                when period_months = 0 then 0
                else ((year(end_at) - year(anchor_at)) * 12 + month(end_at) - month(anchor_at)) // greatest(period_months, 1)
            end
        )) as period_number
    from schedule.line_term
),

bounded as ( -- the same with the full period's boundaries, the end being the next period's start; a one-time line has its day
    select
        t.contract_line_key, t.period_months, n.period_number, t.start_at, t.end_at, t.discount_start_at, t.discount_end_at,
        t.discount_numerator, t.discount_denominator, t.proration,
        case when t.is_one_time then t.start_at else t.anchor_at + interval '1' month * (n.period_number * t.period_months) end
            as full_start_at,
        case when t.is_one_time then t.end_at else t.anchor_at + interval '1' month * ((n.period_number + 1) * t.period_months) end
            as full_end_at
    from numbered as n
    inner join schedule.line_term as t on n.contract_line_key = t.contract_line_key
),

clipped as ( -- periods clipped to the line's own dates
    select
        contract_line_key, period_months, period_number, discount_start_at, discount_end_at, discount_numerator, discount_denominator,
        proration, full_start_at, full_end_at,
        greatest(full_start_at, start_at) as service_start_at,
        least(full_end_at, end_at) as service_end_at
    from bounded
    where full_start_at < end_at and full_end_at > start_at
),

discounted as ( -- which part of the period the discount reaches
    select
        contract_line_key, period_months, period_number, discount_numerator, discount_denominator, proration, full_start_at,
        full_end_at, service_start_at, service_end_at,
        greatest(service_start_at, discount_start_at) as part_start_at,
        greatest(least(service_end_at, discount_end_at), greatest(service_start_at, discount_start_at)) as part_end_at,
        service_start_at = full_start_at and service_end_at = full_end_at
        and (
            (discount_start_at <= service_start_at and discount_end_at >= service_end_at)
            or discount_start_at >= service_end_at or discount_end_at <= service_start_at
        ) as is_uniform
    from clipped
),

counted as ( -- lengths of the full period, of the served part and of the discounted part in the line's day count
    select
        contract_line_key, period_months, period_number, discount_numerator, discount_denominator, is_uniform,
        full_start_at, full_end_at, service_start_at, service_end_at, part_end_at > part_start_at as is_discounted,
        case proration
            when 'by_second' then date_diff('second', full_start_at, full_end_at)
            when 'thirty_360'
                then
                    (year(full_end_at) - year(full_start_at)) * 360 + (month(full_end_at) - month(full_start_at)) * 30
                    + least(day(full_end_at), 30) - least(day(full_start_at), 30)
            else date_diff('day', full_start_at, full_end_at)
        end as full_length,
        case proration
            when 'none' then date_diff('day', full_start_at, full_end_at)
            when 'by_second' then date_diff('second', service_start_at, service_end_at)
            when 'thirty_360'
                then
                    (year(service_end_at) - year(service_start_at)) * 360 + (month(service_end_at) - month(service_start_at)) * 30
                    + least(day(service_end_at), 30) - least(day(service_start_at), 30)
            else date_diff('day', service_start_at, service_end_at)
        end as served_length,
        case proration
            when 'none'
                then
                    case
                        when part_start_at = service_start_at and part_end_at > part_start_at
                            then date_diff('day', full_start_at, full_end_at)
                        else 0
                    end
            when 'by_second' then date_diff('second', part_start_at, part_end_at)
            when 'thirty_360'
                then
                    (year(part_end_at) - year(part_start_at)) * 360 + (month(part_end_at) - month(part_start_at)) * 30
                    + least(day(part_end_at), 30) - least(day(part_start_at), 30)
            else date_diff('day', part_start_at, part_end_at)
        end as discounted_length
    from discounted
)

select
    contract_line_key,
    period_number,
    period_months,
    cast(service_start_at as date) as service_start_date,
    cast(service_end_at - interval '1' second as date) as service_end_date,
    cast(full_start_at as date) as full_start_date,
    cast(full_end_at - interval '1' second as date) as full_end_date,
    case
        when is_uniform and is_discounted then discount_denominator - discount_numerator
        when is_uniform then discount_denominator
        else cast(served_length as hugeint) * discount_denominator - cast(discounted_length as hugeint) * discount_numerator
    end as share_numerator,
    case when is_uniform then 1 else full_length end as share_days,
    -- the same share without any discount, and with it on every day
    case when is_uniform then 1 else cast(served_length as hugeint) end * discount_denominator as undiscounted_numerator,
    case when is_uniform then 1 else cast(served_length as hugeint) end * (discount_denominator - discount_numerator)
        as discounted_numerator,
    discount_denominator - case when is_discounted then discount_numerator else 0 end as full_numerator
from counted
