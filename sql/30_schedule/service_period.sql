-- grain:   contract_line_key, service_start_date
-- params:  proration
-- owner:   revenue operations
-- says:    the service periods of each recurring or one-time contract line, and what share of its full period each covers
-- example: from 15 January on calendar months: 15 to 31 January covers 17 of 31 days, February 1 of 1 (whole)
with term as ( -- counted recurring and one-time lines: months of a period and the first boundary
    select
        contract_line_key,
        start_date,
        end_date,
        case
            when charge_type = 'one_time' then 0
            when billing_frequency = 'quarterly' then 3
            when billing_frequency = 'semi_annual' then 6
            when billing_frequency = 'annual' then 12
            else 1
        end as period_months,
        case when billing_anchor = 'calendar' then cast(date_trunc('year', start_date) as date) else root_start_date end as anchor_date
    from link.booked_line
    where is_counted and charge_type <> 'usage'
),

numbered as ( -- periods that may touch the line, one row a period
    select
        contract_line_key, start_date, end_date, period_months, anchor_date,
        unnest(generate_series(
            0,
            case
                when period_months = 0 then 0
                else ((year(end_date) - year(anchor_date)) * 12 + month(end_date) - month(anchor_date)) // greatest(period_months, 1)
            end
        )) as period_number
    from term
),

bounded as ( -- the same with the full period's boundaries; a one-time line's only period is its day
    select
        contract_line_key, start_date, end_date, period_months, period_number,
        case
            when period_months = 0 then start_date
            else cast(anchor_date + interval '1' month * (period_number * period_months) as date)
        end as full_start_date,
        case
            when period_months = 0 then start_date
            else cast(anchor_date + interval '1' month * ((period_number + 1) * period_months) as date) - 1
        end as full_end_date
    from numbered
),

clipped as ( -- periods clipped to the line's own dates
    select
        contract_line_key, period_months, period_number, full_start_date, full_end_date,
        greatest(full_start_date, start_date) as service_start_date,
        least(full_end_date, case when period_months = 0 then start_date else end_date end) as service_end_date
    from bounded
    where full_start_date <= end_date and full_end_date >= start_date
)

select
    contract_line_key,
    period_number,
    period_months,
    service_start_date,
    service_end_date,
    case
        when service_start_date = full_start_date and service_end_date = full_end_date then 1
        when $proration = 'thirty_360'
            then
                (year(service_end_date + 1) - year(service_start_date)) * 360
                + (month(service_end_date + 1) - month(service_start_date)) * 30
                + least(day(service_end_date + 1), 30) - least(day(service_start_date), 30)
        else date_diff('day', service_start_date, service_end_date) + 1
    end as covered_days,
    case
        when service_start_date = full_start_date and service_end_date = full_end_date then 1
        when $proration = 'thirty_360' then 30 * period_months
        else date_diff('day', full_start_date, full_end_date) + 1
    end as share_days
from clipped
