-- grain:   contract_line_key
-- owner:   accounting
-- says:    the transaction price of a contract allocated over its lines by stand-alone selling price, where the policy lists them all
-- example: stand-alone 50, 25 and 75 in a contract of 100.00: 33.33, 16.67 and 50.00; with 40, 60 and one of no observable price in
--          a contract of 130.00: 40.00, 60.00 and the residual 30.00
-- Rules. An order's recurring and one-time lines are its performance obligations, its transaction price is what they bill. A line
-- weighs quantity x listed price, for its days where the price is of a period (a month being a twelfth of 365 days). Each share is
-- rounded once, half away from zero; the last line takes the rest. Where one line's product is listed as residual, the others have their
-- stand-alone prices and it has what is left, if that is more than nothing. A contract with an unlisted product, or with two
-- residual ones, is left as it is priced.
with obligation as ( -- lines that bill anything, with the listed price of their product in their currency
    select
        b.contract_line_key,
        b.contract_key,
        b.currency,
        max(s.product_code) is not null as is_listed,
        max(s.product_code) is not null and max(s.unit_price) is null as is_residual,
        sum(p.net_amount) as total_amount,
        coalesce(max(
            cast(abs(cast(b.quantity as decimal(38, 8))) * 100000000 as hugeint)
            * cast(cast(s.unit_price as decimal(38, 4)) * 10000 as hugeint)
            * case
                when b.charge_type = 'one_time' or b.price_period in ('once', 'unit') then 365
                when b.price_period = 'month' then 12 * (date_diff('day', b.start_date, b.end_date) + 1)
                else date_diff('day', b.start_date, b.end_date) + 1
            end
        ), 0) as weight
    from link.booked_line as b
    inner join schedule.billing_period as p on b.contract_line_key = p.contract_line_key
    left join policy.standalone_price as s on b.product_code = s.product_code and b.currency = s.currency
    group by b.contract_line_key, b.contract_key, b.currency
),

contract as ( -- transaction price and sum of weights; every product must be listed
    select
        contract_key,
        sum(total_amount) as transaction_price,
        sum(weight) as weight,
        bool_or(is_residual) as has_residual,
        max(contract_line_key) filter (where is_residual) as residual_line_key,
        max(contract_line_key) as last_line_key
    from obligation
    group by contract_key
    having bool_and(is_listed) and count(*) > 1 and sum(weight) > 0 and count(case when is_residual then 1 end) < 2
),

shared as ( -- in whole minor units; the line that takes the rest is the residual one, else the last
    select
        o.contract_line_key, o.contract_key, o.total_amount, o.weight, u.minor_unit, c.has_residual,
        coalesce(c.residual_line_key, c.last_line_key) as rest_line_key,
        cast(cast(c.transaction_price as decimal(38, 4)) * 10000 as hugeint) // cast(u.minor_unit * 10000 as hugeint) as price_units,
        c.weight as all_weight,
        cast(u.price_scale as hugeint) // 10000 * 365 as unit_weight
    from obligation as o
    inner join contract as c on o.contract_key = c.contract_key
    inner join canonical.currency_unit as u on o.currency = u.currency
),

rounded as ( -- rounded once
    select
        contract_line_key, contract_key, total_amount, rest_line_key, minor_unit, price_units, has_residual,
        case
            when has_residual then cast((2 * weight + unit_weight) // (2 * unit_weight) as hugeint)
            else cast(sign(price_units) as hugeint) * ((2 * abs(price_units) * weight + all_weight) // (2 * all_weight))
        end as units
    from shared
),

completed as ( -- with what is left for the line that takes the rest
    select
        contract_line_key, contract_key, total_amount, minor_unit, has_residual,
        case
            when contract_line_key = rest_line_key then units + price_units - sum(units) over (partition by contract_key)
            else units
        end as units,
        price_units - sum(case when contract_line_key = rest_line_key then 0 else units end) over (partition by contract_key) as rest_units
    from rounded
)

select
    contract_line_key,
    contract_key,
    total_amount,
    cast(cast(units as decimal(38, 0)) * minor_unit as decimal(20, 4)) as allocated_amount
from completed
where not has_residual or rest_units > 0
