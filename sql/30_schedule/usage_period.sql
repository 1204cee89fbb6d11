-- grain:   root_line_key, service_start_date
-- owner:   revenue operations
-- says:    what each usage line owes for each calendar month of metered use, and what its last month makes up to its commitment
-- example: 1,000 included, then 0.02 each: 1,500 in May owe 10.00, due on 1 June; 1,000.00 committed and 940.00 used: the last month
--          owes 60.00 more
-- Rules. A month's worth less the line's discount is rounded once at the currency's exponent; a shortfall against the minimum
-- commitment of the whole term falls due with the term's last month, also when nothing is used in it.
with discounted as ( -- months with use, in parts of a minor unit and of the discount
    select
        r.root_line_key, r.month_start_date, r.quantity,
        coalesce(k.rounding, 'half_up') as rounding,
        r.rated_parts * (d.denominator - coalesce(b.discount_numerator, cast(b.discount_fraction * d.denominator as bigint))) as parts,
        cast(u.price_scale as hugeint) * d.denominator as scale
    from schedule.rated_usage as r
    inner join link.booked_line as b on r.root_line_key = b.contract_line_key
    inner join canonical.currency_unit as u on b.currency = u.currency
    inner join (
        select
            contract_line_key,
            -- without a discount no room is given away: amounts of any size fit
            coalesce(
                discount_denominator,
                case when discount_fraction = 0 then 1 when (discount_fraction * 10000) % 1 = 0 then 10000 else 100000000 end
            ) as denominator
        from link.booked_line
    ) as d on r.root_line_key = d.contract_line_key
    left join policy.convention as k on b.instance = k.instance
),

rounded as ( -- in whole minor units
    select
        root_line_key, month_start_date, quantity,
        parts // scale + case
            when parts % scale * 2 > scale then 1
            when parts % scale * 2 = scale and (rounding = 'half_up' or parts // scale % 2 = 1) then 1
            else 0
        end as units
    from discounted
),

term as ( -- counted usage lines with their dates, commitment and its last month
    select
        b.root_line_key,
        min(b.currency) as currency,
        min(b.start_date) filter (where b.contract_line_key = b.root_line_key) as start_date,
        min(case when b.quantity < 0 then b.start_date - 1 else b.end_date end) as end_date,
        max(b.activated_date) as activated_date,
        min(b.minimum_commitment) filter (where b.contract_line_key = b.root_line_key) as minimum_commitment
    from link.booked_line as b
    where b.is_counted and b.charge_type = 'usage'
    group by b.root_line_key
),

owed as ( -- months with use, and the last month of a committed term
    select root_line_key, month_start_date, quantity, units from rounded
    union all
    select
        t.root_line_key,
        cast(date_trunc('month', t.end_date) as date) as month_start_date,
        0 as quantity,
        greatest(
            cast(t.minimum_commitment * 10000 as hugeint) // cast(u.minor_unit * 10000 as hugeint)
            - coalesce((select sum(r.units) from rounded as r where r.root_line_key = t.root_line_key), 0), 0
        ) as units
    from term as t
    inner join canonical.currency_unit as u on t.currency = u.currency
    where t.minimum_commitment > 0
),

monthly as ( -- use and shortfall of a month together
    select root_line_key, month_start_date, sum(quantity) as quantity, sum(units) as units
    from owed
    group by root_line_key, month_start_date
)

select
    m.root_line_key,
    greatest(m.month_start_date, t.start_date) as service_start_date,
    least(cast(m.month_start_date + interval '1' month as date) - 1, t.end_date) as service_end_date,
    cast(m.month_start_date + interval '1' month as date) as due_date,
    cast(m.quantity as decimal(16, 8)) as quantity,
    t.activated_date,
    cast(cast(m.units as decimal(38, 0)) * u.minor_unit as decimal(20, 4)) as net_amount
from monthly as m
inner join term as t on m.root_line_key = t.root_line_key
inner join canonical.currency_unit as u on t.currency = u.currency
