-- grain:   contract_line_key
-- params:  proration
-- owner:   revenue operations
-- says:    the terms of each counted recurring or one-time contract line as whole numbers: what a month is worth, from when to
--          when, where its periods begin, which discount applies when, and by which convention of its source it is prorated
-- example: 3 x 33.33 USD a month: 9,999 minor units and no rest; 100,000 JPY a year: 8,333 and a rest of 4 in 12 parts
-- A term that is billed once at a price of a month or year is one period of the months that it begins.
-- The worth of one price period before discount is quantity x price with 8 decimals each, a whole number of 1e-16 parts. It is
-- kept as whole minor units and a rest of `scale` parts a unit: no money is divided and nothing is rounded. Quantity x price up to
-- 10^16 fits; every later product is bounded by scale x discount_denominator x days of the partial periods, and where a statement
-- would leave 38 digits it fails rather than rounds.
with line as ( -- counted lines with the conventions of their source, else the company's
    select
        b.contract_line_key,
        b.root_line_key,
        b.activated_date,
        b.currency,
        b.quantity,
        b.unit_price,
        b.price_period,
        b.charge_type = 'one_time' or (b.billing_frequency = 'one_time' and b.price_period not in ('month', 'year')) as is_one_time,
        b.charge_type <> 'one_time' and b.billing_frequency = 'one_time' and b.price_period in ('month', 'year') as is_prepaid,
        b.billing_timing,
        b.billing_frequency,
        b.billing_anchor,
        b.billing_period_months,
        coalesce(cast(b.service_start_at as timestamp), cast(b.start_date as timestamp)) as start_at,
        coalesce(cast(b.service_end_at as timestamp), cast(b.end_date + 1 as timestamp)) as end_at,
        coalesce(cast(b.root_service_start_at as timestamp), cast(b.root_start_date as timestamp)) as root_start_at,
        cast(b.discount_start_date as timestamp) as discount_start_at,
        cast(b.discount_end_date + 1 as timestamp) as discount_end_at,
        -- most discounts are whole basis points: a small denominator leaves more room for large amounts
        coalesce(
            b.discount_denominator,
            case when b.discount_fraction = 0 then 1 when (b.discount_fraction * 10000) % 1 = 0 then 10000 else 100000000 end
        ) as discount_denominator,
        b.discount_numerator,
        b.discount_fraction,
        coalesce(k.proration, $proration) as proration,
        coalesce(k.rounding, 'half_up') as rounding
    from link.booked_line as b
    left join policy.convention as k on b.instance = k.instance
    where b.is_counted and b.charge_type <> 'usage'
),

scaled as ( -- the same in whole numbers
    select
        l.contract_line_key,
        case
            when l.is_one_time then 0
            when l.is_prepaid
                then
                    (year(l.end_at) - year(l.start_at)) * 12 + month(l.end_at) - month(l.start_at) + case
                        when
                            l.start_at
                            + interval '1' month * ((year(l.end_at) - year(l.start_at)) * 12 + month(l.end_at) - month(l.start_at))
                            < l.end_at
                            then 1
                        else 0
                    end
            when l.billing_frequency = 'custom' then l.billing_period_months
            when l.billing_frequency = 'quarterly' then 3
            when l.billing_frequency = 'semi_annual' then 6
            when l.billing_frequency = 'annual' then 12
            else 1
        end as period_months,
        coalesce(l.discount_numerator, cast(l.discount_fraction * l.discount_denominator as bigint)) as discount_numerator,
        u.minor_unit,
        u.price_scale * case when l.price_period = 'year' and not l.is_one_time then 12 else 1 end as scale,
        cast(abs(cast(l.quantity as decimal(38, 8))) * 100000000 as hugeint)
        * cast(abs(cast(l.unit_price as decimal(38, 8))) * 100000000 as hugeint) as worth,
        cast(sign(l.quantity) * sign(l.unit_price) as decimal(38, 0)) as direction
    from line as l
    inner join canonical.currency_unit as u on l.currency = u.currency
)

select
    l.contract_line_key,
    l.root_line_key,
    l.activated_date,
    l.quantity,
    l.is_one_time,
    l.billing_timing = 'arrears' and not l.is_one_time as is_arrears,
    s.period_months,
    l.start_at,
    case when l.is_one_time then greatest(l.end_at, l.start_at + interval '1' day) else l.end_at end as end_at,
    -- calendar periods count from January of the original line's first year
    case
        when l.is_prepaid then l.start_at
        when l.billing_anchor = 'calendar' then date_trunc('year', l.root_start_at)
        else l.root_start_at
    end as anchor_at,
    -- a one-time charge has the discount of its day, whole or not at all
    case
        when l.is_one_time and l.discount_start_at > l.start_at then greatest(l.end_at, l.start_at + interval '1' day)
        else greatest(coalesce(l.discount_start_at, l.start_at), l.start_at)
    end as discount_start_at,
    case
        when l.is_one_time and coalesce(l.discount_end_at, l.end_at) > l.start_at
            then greatest(l.end_at, l.start_at + interval '1' day)
        else coalesce(l.discount_end_at, l.end_at)
    end as discount_end_at,
    s.discount_numerator,
    l.discount_denominator,
    -- between midnights there are no broken days, and seconds give the same shares as days with smaller numbers
    case
        when
            l.proration = 'by_second' and date_trunc('day', l.start_at) = l.start_at and date_trunc('day', l.end_at) = l.end_at
            and date_trunc('day', l.root_start_at) = l.root_start_at then 'actual_days'
        else l.proration
    end as proration,
    l.rounding,
    s.direction,
    s.minor_unit,
    s.scale,
    s.worth // s.scale as month_units,
    s.worth % s.scale as month_rest
from line as l
inner join scaled as s on l.contract_line_key = s.contract_line_key
