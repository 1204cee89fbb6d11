-- grain:   root_line_key, month_start_date
-- owner:   revenue operations
-- says:    what the metered quantity of each usage line and month is worth by the line's price model, exact and not yet rounded
-- example: 111 units in tiers 10 at 1.50, 100 at 1.00, then 0.50: graduated 115.50, volume 55.50; packages of 100 at 5.00: 10.00
-- Rules. The included quantity is free every month. Without a model, tiers are graduated and a line without tiers is per unit.
-- A tier with a package size prices packages: one begun is one. 5,325 units at 1.00 a hundred up to 1,000, then 1.00 a thousand: 15.00
-- Amounts are whole 1e-16 parts, the product of 8 decimals of quantity and 8 of price.
with ended as ( -- usage lines with their last day: a cancelling amendment ends them early
    select
        root_line_key,
        min(start_date) filter (where contract_line_key = root_line_key) as start_date,
        min(case when quantity < 0 then start_date - 1 else end_date end) as end_date,
        min(unit_price) filter (where contract_line_key = root_line_key) as unit_price,
        min(usage_model) filter (where contract_line_key = root_line_key) as usage_model,
        coalesce(min(included_quantity) filter (where contract_line_key = root_line_key), 0) as included_quantity,
        coalesce(min(package_size) filter (where contract_line_key = root_line_key), 1) as package_size
    from link.booked_line
    where is_counted and charge_type = 'usage'
    group by root_line_key
),

metered as ( -- quantity of every usage line and month
    select
        e.root_line_key,
        e.unit_price,
        e.usage_model,
        e.package_size,
        cast(date_trunc('month', u.usage_start_date) as date) as month_start_date,
        sum(u.quantity) as quantity,
        greatest(sum(u.quantity) - min(e.included_quantity), 0) as charged_quantity
    from ended as e
    inner join link.contract_line as k on e.root_line_key = k.root_line_key
    inner join canonical.usage as u
        on k.billing_account_key = u.instance || ':' || u.account_source_id and k.meter_source_id = u.meter_source_id
    where u.usage_start_date <= e.end_date and u.usage_end_date >= e.start_date
    group by
        e.root_line_key, e.unit_price, e.usage_model, e.package_size,
        cast(date_trunc('month', u.usage_start_date) as date)
),

counted as ( -- the same in whole 1e-8 units
    select
        root_line_key, month_start_date, usage_model,
        cast(cast(charged_quantity as decimal(38, 8)) * 100000000 as hugeint) as quantity_parts,
        cast(cast(package_size as decimal(38, 8)) * 100000000 as hugeint) as package_parts,
        cast(cast(unit_price as decimal(38, 8)) * 100000000 as hugeint) as price_parts
    from metered
),

tier as ( -- price tiers of usage lines in whole 1e-8 units, their flat amounts in 1e-16
    select
        instance || ':' || contract_line_source_id as root_line_key,
        cast(cast(from_quantity as decimal(38, 8)) * 100000000 as hugeint) as from_parts,
        cast(cast(up_to_quantity as decimal(38, 8)) * 100000000 as hugeint) as up_to_parts,
        cast(cast(unit_price as decimal(38, 8)) * 100000000 as hugeint) as price_parts,
        cast(cast(package_size as decimal(38, 8)) * 100000000 as hugeint) as package_parts,
        cast(cast(flat_amount as decimal(38, 4)) * 10000 as hugeint) * 1000000000000 as flat_parts
    from canonical.contract_tier
),

reached as ( -- graduated: every tier prices its part; volume: the last tier reached prices all
    select
        c.root_line_key, c.month_start_date, t.price_parts, t.flat_parts, t.package_parts,
        c.quantity_parts > t.from_parts
        and (coalesce(c.usage_model, 'graduated') = 'graduated' or c.quantity_parts <= coalesce(t.up_to_parts, c.quantity_parts))
            as is_reached,
        case
            when c.usage_model = 'volume' then c.quantity_parts
            else least(c.quantity_parts, coalesce(t.up_to_parts, c.quantity_parts)) - t.from_parts
        end as priced_parts
    from counted as c
    inner join tier as t on c.root_line_key = t.root_line_key
    where coalesce(c.usage_model, 'graduated') in ('graduated', 'volume')
),

tiered as ( -- units or packages begun at their price, and the tier's flat amount
    select
        root_line_key,
        month_start_date,
        sum(
            case
                when not is_reached then 0
                when package_parts is null then priced_parts * price_parts + flat_parts
                else (priced_parts + package_parts - 1) // package_parts * price_parts * 100000000 + flat_parts
            end
        ) as rated_parts
    from reached
    group by root_line_key, month_start_date
)

select
    m.root_line_key,
    m.month_start_date,
    cast(m.quantity as decimal(16, 8)) as quantity,
    case
        when t.root_line_key is not null then t.rated_parts
        when c.usage_model = 'package'
            then (c.quantity_parts + c.package_parts - 1) // c.package_parts * c.price_parts * 100000000
        else c.quantity_parts * c.price_parts
    end as rated_parts
from metered as m
inner join counted as c on m.root_line_key = c.root_line_key and m.month_start_date = c.month_start_date
left join tiered as t on m.root_line_key = t.root_line_key and m.month_start_date = t.month_start_date
