-- grain:   root_line_key, service_start_date
-- owner:   revenue operations
-- says:    what each usage line owes for each calendar month of metered use, and what its last month makes up to its commitment
-- example: 1,000 included, then 0.02 each: 1,500 in May owe 10.00, due on 1 June; 1,000.00 committed and 940.00 used: the last month
--          owes 60.00 more
-- Rules. A month's worth is rounded once at the currency's exponent; a shortfall against the minimum commitment of the whole term
-- falls due with the term's last month, also when nothing is used in it.
with rounded as ( -- months with use, in whole minor units
    select
        r.root_line_key, r.month_start_date, r.quantity,
        r.rated_parts // u.price_scale + case
            when r.rated_parts % u.price_scale * 2 > u.price_scale then 1
            when
                r.rated_parts % u.price_scale * 2 = u.price_scale
                and (coalesce(k.rounding, 'half_up') = 'half_up' or r.rated_parts // u.price_scale % 2 = 1) then 1
            else 0
        end as units
    from schedule.rated_usage as r
    inner join link.booked_line as b on r.root_line_key = b.contract_line_key
    inner join canonical.currency_unit as u on b.currency = u.currency
    left join policy.convention as k on b.instance = k.instance
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
