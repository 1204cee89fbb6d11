-- grain:   contract_line_key
-- owner:   accounting
-- says:    the performance obligations of orders whose products are all listed with a stand-alone selling price, and what each weighs
-- example: 2 x A, listed at 50.00 a month, for a year of 365 days: 1,200.00 in parts of 1e-12 x 365
-- Rules. An order's recurring and one-time lines are its obligations, where it has several. A line weighs quantity x listed price, for
-- its days where the price is of a period (a month being a twelfth of 365 days). What an amending order takes away shares what that
-- gives back, and what it adds shares what that costs: price_key names such a group of lines. A product may be listed as residual.
with line as ( -- lines that bill anything, with the listed price of their product in their currency
    select
        b.contract_line_key,
        b.contract_key,
        b.contract_key || case when b.contract_line_key <> b.root_line_key and b.quantity < 0 then '|less' else '' end as price_key,
        b.currency,
        b.product_code,
        max(s.product_code) is not null as is_listed,
        max(s.product_code) is not null and max(s.unit_price) is null as is_residual,
        sum(p.net_amount) as total_amount,
        max(
            cast(abs(cast(b.quantity as decimal(38, 8))) * 100000000 as hugeint)
            * case
                when b.charge_type = 'one_time' or b.price_period in ('once', 'unit') then 365
                when b.price_period = 'month' then 12 * (date_diff('day', b.start_date, b.end_date) + 1)
                else date_diff('day', b.start_date, b.end_date) + 1
            end
        ) as size,
        coalesce(max(cast(cast(s.unit_price as decimal(38, 4)) * 10000 as hugeint)), 0) as listed_parts
    from link.booked_line as b
    inner join schedule.billing_period as p on b.contract_line_key = p.contract_line_key
    left join policy.standalone_price as s on b.product_code = s.product_code and b.currency = s.currency
    group by b.contract_line_key, b.contract_key, b.root_line_key, b.quantity, b.currency, b.product_code
),

whole as ( -- orders of several lines, all of them listed
    select contract_key
    from line
    group by contract_key
    having bool_and(is_listed) and count(*) > 1
)

select
    l.contract_line_key, l.contract_key, l.price_key, l.currency, l.product_code, l.is_residual, l.total_amount, l.size,
    cast(l.size * l.listed_parts as hugeint) as weight,
    cast(cast(u.price_scale as hugeint) // 10000 * 365 as hugeint) as unit_weight
from line as l
inner join whole as w on l.contract_key = w.contract_key
inner join canonical.currency_unit as u on l.currency = u.currency
