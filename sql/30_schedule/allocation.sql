-- grain:   contract_line_key
-- owner:   accounting
-- says:    the transaction price of an order allocated over its lines by stand-alone selling price, where the policy lists them all
-- example: stand-alone 50, 25 and 75 in a contract of 100.00: 33.33, 16.67 and 50.00; with 40, 60 and one of no observable price in
--          a contract of 130.00: 40.00, 60.00 and the residual 30.00
-- Rules. The transaction price is what the lines bill, shared by weight. Each share is rounded once, half away from zero; the last line
-- takes the rest. Where one line's product is listed as residual, the others have their stand-alone prices and it has what is left, if
-- that is more than nothing. Where the discount belongs to a bundle, what is outside has its stand-alone price and the bundle's lines
-- share the rest (beside a residual product: the bundle's price). With two residual products an order is left as it is priced.
with price as ( -- price and weight of the lines that share it
    select
        price_key,
        sum(total_amount) as transaction_price,
        sum(weight) as weight,
        bool_or(is_residual) as has_residual,
        max(contract_line_key) filter (where is_residual) as residual_line_key,
        max(contract_line_key) as last_line_key
    from schedule.obligation
    group by price_key
    having sum(weight) > 0 and count(case when is_residual then 1 end) < 2
),

shared as ( -- in whole minor units, with what each line's own price is; the price without its sign
    select
        o.contract_line_key, o.contract_key, o.price_key, o.total_amount, o.weight, u.minor_unit, p.has_residual, d.members_weight,
        d.price_key is not null as has_bundle,
        b.product_code is not null as is_member,
        coalesce(p.residual_line_key, p.last_line_key) as rest_line_key,
        d.last_line_key as last_member_key,
        cast(sign(p.transaction_price) as hugeint) as direction,
        cast(abs(cast(p.transaction_price as decimal(38, 4))) * 10000 as hugeint) // cast(u.minor_unit * 10000 as hugeint) as price_units,
        p.weight as all_weight,
        (2 * o.weight + o.unit_weight) // (2 * o.unit_weight) as own_units,
        (2 * d.bundle_weight + o.unit_weight) // (2 * o.unit_weight) as bundle_price_units
    from schedule.obligation as o
    inner join price as p on o.price_key = p.price_key
    inner join canonical.currency_unit as u on o.currency = u.currency
    left join schedule.bundle_discount as d on o.price_key = d.price_key
    left join policy.bundle as b on d.bundle = b.bundle and o.product_code = b.product_code and o.currency = b.currency
),

bundled as ( -- with what the bundle has in all
    select
        contract_line_key, contract_key, price_key, total_amount, weight, minor_unit, has_residual, members_weight, has_bundle, is_member,
        rest_line_key, last_member_key, direction, price_units, all_weight, own_units,
        case
            when has_residual then bundle_price_units
            else price_units - sum(case when is_member then 0 else own_units end) over (partition by price_key)
        end as bundle_units
    from shared
),

rounded as ( -- rounded once
    select
        contract_line_key, contract_key, price_key, total_amount, minor_unit, has_residual, is_member, rest_line_key, last_member_key,
        direction, price_units, bundle_units,
        cast(case
            when is_member then (2 * bundle_units * weight + members_weight) // (2 * members_weight)
            when has_residual or has_bundle then own_units
            else (2 * price_units * weight + all_weight) // (2 * all_weight)
        end as hugeint) as units
    from bundled
),

membered as ( -- the bundle's last line takes what is left of the bundle's
    select
        contract_line_key, contract_key, price_key, total_amount, minor_unit, has_residual, rest_line_key, direction, price_units,
        case
            when contract_line_key = last_member_key
                then units + bundle_units - sum(case when is_member then units else 0 end) over (partition by price_key)
            else units
        end as line_units
    from rounded
),

completed as ( -- the line that takes the rest takes it
    select
        contract_line_key, contract_key, total_amount, minor_unit, direction, has_residual,
        case
            when contract_line_key = rest_line_key then line_units + price_units - sum(line_units) over (partition by price_key)
            else line_units
        end as units,
        price_units - sum(case when contract_line_key = rest_line_key then 0 else line_units end) over (partition by price_key)
            as rest_units
    from membered
)

select
    contract_line_key,
    contract_key,
    total_amount,
    cast(cast(direction * units as decimal(38, 0)) * minor_unit as decimal(20, 4)) as allocated_amount
from completed
where not has_residual or rest_units > 0
