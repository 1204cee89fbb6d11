-- grain:   contract_line_key, service_start_date
-- params:  proration
-- owner:   revenue operations
-- says:    what each recurring or one-time contract line owes for each of its service periods, exact to the minor unit
-- example: 1 x 1,000.00 USD a month from 15 January on calendar months: 548.39 for January (17 of 31 days), 1,000.00 for
--          February, ..., and the last period takes what is left of the exact total
-- Amounts are whole numbers of 1e-24 units (quantity, price and discount have 8 decimals each), so that no money is divided:
-- x // d is the whole part, x % d the rest, and a rest of half or more rounds away from zero.
with term as ( -- counted recurring and one-time lines: months of a period, first boundary, worth of one month
    select
        b.contract_line_key,
        b.root_line_key,
        b.activated_date,
        b.quantity,
        b.charge_type,
        b.billing_timing,
        b.start_date,
        b.end_date,
        u.minor_unit,
        case
            when b.charge_type = 'one_time' then 0
            when b.billing_frequency = 'quarterly' then 3 when b.billing_frequency = 'semi_annual' then 6
            when b.billing_frequency = 'annual' then 12 else 1
        end as period_months,
        case when b.billing_anchor = 'calendar' then cast(date_trunc('year', b.start_date) as date) else b.root_start_date end
            as anchor_date,
        u.product_scale * case when b.price_period = 'year' then 12 else 1 end as scale,
        cast(sign(b.quantity) * sign(b.unit_price) as decimal(38, 0)) as direction,
        cast(abs(cast(b.quantity as decimal(38, 8))) * 100000000 as hugeint)
        * cast(abs(cast(b.unit_price as decimal(38, 8))) * 100000000 as hugeint)
        * cast((1 - cast(b.discount_fraction as decimal(38, 8))) * 100000000 as hugeint) as monthly_worth
    from link.booked_line as b
    inner join canonical.currency_unit as u on b.currency = u.currency
    where b.is_counted and b.charge_type <> 'usage'
),

numbered as ( -- periods that may touch the line, one row a period
    select
        contract_line_key, root_line_key, activated_date, quantity, charge_type, billing_timing, start_date, end_date, minor_unit,
        period_months, anchor_date, scale, direction, monthly_worth,
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
        contract_line_key, root_line_key, activated_date, quantity, charge_type, billing_timing, start_date, end_date, minor_unit,
        period_months, scale, direction, monthly_worth, period_number,
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
        contract_line_key, root_line_key, activated_date, quantity, charge_type, billing_timing, minor_unit, period_months, scale,
        direction, monthly_worth, period_number, full_start_date, full_end_date,
        greatest(full_start_date, start_date) as service_start_date,
        least(full_end_date, case when period_months = 0 then start_date else end_date end) as service_end_date
    from bounded
    where full_start_date <= end_date and full_end_date >= start_date
),

shared as ( -- share of the full period that the line covers: covered_days of share_days, 1 of 1 when whole
    select
        contract_line_key, root_line_key, activated_date, quantity, charge_type, billing_timing, minor_unit, scale, direction,
        period_number, service_start_date, service_end_date,
        monthly_worth * greatest(period_months, 1) as full_worth,
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
),

divided as ( -- whole minor units and rest of every period
    select
        contract_line_key, root_line_key, activated_date, quantity, charge_type, billing_timing, minor_unit, scale, direction,
        period_number, service_start_date, service_end_date, full_worth, share_days,
        full_worth * covered_days // (scale * share_days) as whole_units,
        full_worth * covered_days % (scale * share_days) as rest
    from shared
),

common as ( -- lines with any rest: one denominator for all their periods, of which at most the first and the last are partial
    select
        contract_line_key,
        max(period_number) as last_period_number,
        sum(whole_units) as whole_units,
        sum(whole_units + case when rest * 2 >= scale * share_days then 1 else 0 end) as rounded_units,
        max(share_days) * coalesce(min(nullif(share_days, 1)), 1) as common_days
    from divided
    group by contract_line_key
    having max(rest) > 0
),

remainder as ( -- what the last period of such a line takes: the exact total rounded once, less the rounded periods
    select
        d.contract_line_key,
        min(c.last_period_number) as last_period_number,
        min(c.whole_units) - min(c.rounded_units)
        + (sum(d.rest * (c.common_days // d.share_days)) * 2 + min(d.scale * c.common_days)) // (2 * min(d.scale * c.common_days))
            as remaining_units
    from divided as d
    inner join common as c on d.contract_line_key = c.contract_line_key
    group by d.contract_line_key
)

select
    d.contract_line_key,
    d.root_line_key,
    d.period_number,
    d.service_start_date,
    d.service_end_date,
    case when d.billing_timing = 'arrears' and d.charge_type <> 'one_time' then d.service_end_date + 1 else d.service_start_date end
        as due_date,
    d.quantity,
    d.activated_date,
    cast(d.direction * cast(
        d.whole_units + case when d.rest * 2 >= d.scale * d.share_days then 1 else 0 end
        + coalesce(t.remaining_units, 0) as decimal(38, 0)
    ) * d.minor_unit as decimal(20, 4)) as net_amount,
    cast(d.direction * cast((2 * d.full_worth + d.scale) // (2 * d.scale) as decimal(38, 0)) * d.minor_unit as decimal(20, 4))
        as full_net_amount
from divided as d
left join remainder as t on d.contract_line_key = t.contract_line_key and d.period_number = t.last_period_number
