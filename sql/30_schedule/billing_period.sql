-- grain:   contract_line_key, service_start_date
-- owner:   revenue operations
-- says:    what each recurring or one-time contract line owes for each of its service periods, exact to the minor unit
-- example: 1 x 1,000.00 USD a month from 15 January on calendar months: 548.39 for January (17 of 31 days), 1,000.00 for
--          February, ..., and the last period takes what is left of the exact total
-- Amounts are whole numbers of 1e-24 units (quantity, price and discount have 8 decimals each), so that no money is divided:
-- x // d is the whole part, x % d the rest, and a rest of half or more rounds away from zero. Worth up to 10^10 major units a
-- year's period fits; beyond, the statement fails rather than rounding.
with term as ( -- what one month of each line is worth
    select
        b.contract_line_key,
        b.root_line_key,
        b.activated_date,
        b.quantity,
        b.billing_timing = 'arrears' and b.charge_type <> 'one_time' as is_arrears,
        u.minor_unit,
        u.product_scale * case when b.price_period = 'year' then 12 else 1 end as scale,
        cast(sign(b.quantity) * sign(b.unit_price) as decimal(38, 0)) as direction,
        cast(abs(cast(b.quantity as decimal(38, 8))) * 100000000 as hugeint)
        * cast(abs(cast(b.unit_price as decimal(38, 8))) * 100000000 as hugeint)
        * cast((1 - cast(b.discount_fraction as decimal(38, 8))) * 100000000 as hugeint) as monthly_worth
    from link.booked_line as b
    inner join canonical.currency_unit as u on b.currency = u.currency
    where b.is_counted and b.charge_type <> 'usage'
),

divided as ( -- whole minor units and rest of every period
    select
        t.contract_line_key, t.root_line_key, t.activated_date, t.quantity, t.is_arrears, t.minor_unit, t.scale, t.direction,
        p.period_number, p.service_start_date, p.service_end_date, p.share_days,
        t.monthly_worth * greatest(p.period_months, 1) as full_worth,
        t.monthly_worth * greatest(p.period_months, 1) * p.covered_days // (t.scale * p.share_days) as whole_units,
        t.monthly_worth * greatest(p.period_months, 1) * p.covered_days % (t.scale * p.share_days) as rest
    from term as t
    inner join schedule.service_period as p on t.contract_line_key = p.contract_line_key
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
    case when d.is_arrears then d.service_end_date + 1 else d.service_start_date end as due_date,
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
