-- grain:   root_line_key, service_start_date
-- owner:   revenue operations
-- says:    what each usage line owes for each calendar month of metered use: graduated tiers over the month, rounded once
-- example: 1,000 included, then 0.02 each: 1,500 in May owe 10.00, due on 1 June
with ended as ( -- usage lines with their last day: a cancelling amendment ends them early
    select
        root_line_key,
        min(start_date) filter (where contract_line_key = root_line_key) as start_date,
        min(case when quantity < 0 then start_date - 1 else end_date end) as end_date,
        max(activated_date) as activated_date,
        min(unit_price) filter (where contract_line_key = root_line_key) as unit_price,
        min(currency) as currency
    from link.booked_line
    where is_counted and charge_type = 'usage'
    group by root_line_key
),

metered as ( -- quantity of every usage line and month
    select
        e.root_line_key,
        e.start_date,
        e.end_date,
        e.activated_date,
        e.unit_price,
        e.currency,
        cast(date_trunc('month', u.usage_start_date) as date) as month_start_date,
        sum(u.quantity) as quantity
    from ended as e
    inner join link.contract_line as k on e.root_line_key = k.root_line_key
    inner join canonical.usage as u
        on k.billing_account_key = u.instance || ':' || u.account_source_id and k.meter_source_id = u.meter_source_id
    where u.usage_start_date <= e.end_date and u.usage_end_date >= e.start_date
    group by
        e.root_line_key, e.start_date, e.end_date, e.activated_date, e.unit_price, e.currency,
        cast(date_trunc('month', u.usage_start_date) as date)
),

tier as ( -- price tiers of usage lines
    select
        instance || ':' || contract_line_source_id as root_line_key,
        from_quantity,
        up_to_quantity,
        unit_price,
        flat_amount
    from canonical.contract_tier
),

rated as ( -- unrounded amount: every tier prices the part of the quantity that falls into it
    select
        m.root_line_key,
        m.month_start_date,
        sum(
            case
                when t.root_line_key is null then cast(m.quantity as decimal(38, 8)) * m.unit_price
                when m.quantity > t.from_quantity
                    then
                        (least(cast(m.quantity as decimal(38, 8)), coalesce(t.up_to_quantity, m.quantity)) - t.from_quantity)
                        * t.unit_price + t.flat_amount
                else 0
            end
        ) as rated_amount
    from metered as m
    left join tier as t on m.root_line_key = t.root_line_key
    group by m.root_line_key, m.month_start_date
)

select
    m.root_line_key,
    greatest(m.month_start_date, m.start_date) as service_start_date,
    least(cast(m.month_start_date + interval '1' month as date) - 1, m.end_date) as service_end_date,
    cast(m.month_start_date + interval '1' month as date) as due_date,
    cast(m.quantity as decimal(16, 8)) as quantity,
    m.activated_date,
    -- each branch is cast by itself: a CASE over decimals of different scales takes the smallest scale and drops the cents
    case u.exponent
        when 0 then cast(round(r.rated_amount, 0) as decimal(20, 4))
        when 1 then cast(round(r.rated_amount, 1) as decimal(20, 4))
        when 2 then cast(round(r.rated_amount, 2) as decimal(20, 4))
        when 3 then cast(round(r.rated_amount, 3) as decimal(20, 4))
        else cast(round(r.rated_amount, 4) as decimal(20, 4))
    end as net_amount
from metered as m
inner join rated as r on m.root_line_key = r.root_line_key and m.month_start_date = r.month_start_date
inner join canonical.currency_unit as u on m.currency = u.currency
