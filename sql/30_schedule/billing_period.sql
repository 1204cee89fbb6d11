-- grain:   contract_line_key, service_start_date
-- owner:   revenue operations
-- says:    what each recurring or one-time contract line owes for each of its service periods, exact to the minor unit
-- example: 1 x 1,000.00 USD a month from 15 January on calendar months: 548.39 for January (17 of 31 days), 1,000.00 for
--          February, ..., and the last period takes what is left of the exact total
-- Rules. Each period's exact amount is rounded once at the currency's exponent (half away from zero unless its source rounds half to
-- even); the last period takes the rest, so that the periods sum to the exact total rounded once: 100,000 JPY a year by the month
-- is 11 x 8,333 and 8,337. In advance a period is due on its first day, in arrears on the day after its last.
with multiplied as ( -- a month's units and rest times months and share: for the served part, and for the full period
    select
        t.contract_line_key, p.period_number, p.service_start_date, p.service_end_date, p.share_days, t.scale,
        cast(t.discount_denominator as hugeint) as discount_denominator,
        t.month_units * greatest(p.period_months, 1) * p.share_numerator as units,
        t.month_rest * greatest(p.period_months, 1) * p.share_numerator as parts,
        t.month_units * greatest(p.period_months, 1) * p.full_numerator as full_units,
        t.month_rest * greatest(p.period_months, 1) * p.full_numerator as full_parts
    from schedule.line_term as t
    inner join schedule.service_period as p on t.contract_line_key = p.contract_line_key
),

worth as ( -- whole units, and the rest in parts of `denominator` x `share_days`: two steps keep the products small
    select
        contract_line_key, period_number, service_start_date, service_end_date, share_days,
        scale * discount_denominator as denominator,
        units // (discount_denominator * share_days) as units,
        units % (discount_denominator * share_days) * scale + parts as parts,
        full_units // discount_denominator as full_units,
        full_units % discount_denominator * scale + full_parts as full_parts
    from multiplied
),

divided as ( -- whole minor units and rest of every period
    select
        contract_line_key, period_number, service_start_date, service_end_date, share_days, denominator,
        units + parts // (denominator * share_days) as whole_units,
        parts % (denominator * share_days) as rest,
        full_units + (2 * full_parts + denominator) // (2 * denominator) as full_units
    from worth
),

rounded as ( -- each period rounded by its source's rule
    select
        d.contract_line_key, d.period_number, d.service_start_date, d.service_end_date, d.share_days, d.denominator, d.whole_units,
        d.rest, d.full_units,
        d.whole_units + case
            when d.rest * 2 > d.denominator * d.share_days then 1
            when d.rest * 2 = d.denominator * d.share_days and (t.rounding = 'half_up' or d.whole_units % 2 = 1) then 1
            else 0
        end as rounded_units
    from divided as d
    inner join schedule.line_term as t on d.contract_line_key = t.contract_line_key
),

broken as ( -- lines with any rest, and their last period
    select contract_line_key, max(period_number) as last_period_number
    from rounded
    group by contract_line_key
    having max(rest) > 0
),

ranked as ( -- their periods; a line has few different partial lengths, ranked
    select
        r.contract_line_key, r.share_days, r.denominator, r.whole_units, r.rest, r.rounded_units, b.last_period_number,
        case when r.share_days % 86400 = 0 then r.share_days // 86400 else r.share_days end as reduced_days,
        dense_rank() over (partition by r.contract_line_key order by r.share_days) as length_rank
    from rounded as r
    inner join broken as b on r.contract_line_key = b.contract_line_key
),

common as ( -- one denominator for all periods of a line (both ends and both ends of a discount may be partial)
    select
        contract_line_key,
        max(last_period_number) as last_period_number,
        max(denominator) as denominator,
        sum(whole_units) as whole_units,
        sum(rounded_units) as rounded_units,
        -- full periods of seconds are whole days: counted in days their product stays small
        cast(max(case when share_days % 86400 = 0 then 86400 else 1 end) as hugeint)
        * max(case when length_rank = 1 then reduced_days else 1 end) * max(case when length_rank = 2 then reduced_days else 1 end)
        * max(case when length_rank = 3 then reduced_days else 1 end) * max(case when length_rank = 4 then reduced_days else 1 end)
        * max(case when length_rank = 5 then reduced_days else 1 end)
            as common_days
    from ranked
    group by contract_line_key
),

summed as ( -- their exact totals: whole units and parts of denominator x common_days
    select
        c.contract_line_key,
        min(c.last_period_number) as last_period_number,
        min(c.rounded_units) as rounded_units,
        min(c.denominator * c.common_days) as total_denominator,
        min(c.whole_units) + sum(r.rest * (c.common_days // r.share_days)) // min(c.denominator * c.common_days) as whole_units,
        sum(r.rest * (c.common_days // r.share_days)) % min(c.denominator * c.common_days) as rest
    from common as c
    inner join ranked as r on c.contract_line_key = r.contract_line_key
    group by c.contract_line_key
),

remainder as ( -- what the last period takes: the total rounded once, less the rounded periods
    select
        s.contract_line_key,
        s.last_period_number,
        s.whole_units - s.rounded_units + case
            when s.rest * 2 > s.total_denominator then 1
            when s.rest * 2 = s.total_denominator and (t.rounding = 'half_up' or s.whole_units % 2 = 1) then 1
            else 0
        end as remaining_units
    from summed as s
    inner join schedule.line_term as t on s.contract_line_key = t.contract_line_key
)

select
    t.contract_line_key,
    t.root_line_key,
    r.period_number,
    r.service_start_date,
    r.service_end_date,
    case when t.is_arrears then r.service_end_date + 1 else r.service_start_date end as due_date,
    t.quantity,
    t.activated_date,
    cast(
        t.direction * cast(
            r.rounded_units + coalesce(m.remaining_units, 0) as decimal(38, 0)
        ) * t.minor_unit as decimal(20, 4)
    ) as net_amount,
    cast(t.direction * cast(r.full_units as decimal(38, 0)) * t.minor_unit as decimal(20, 4)) as full_net_amount
from rounded as r
inner join schedule.line_term as t on r.contract_line_key = t.contract_line_key
left join remainder as m on r.contract_line_key = m.contract_line_key and r.period_number = m.last_period_number
