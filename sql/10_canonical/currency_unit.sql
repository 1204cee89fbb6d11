-- grain:   currency
-- owner:   accounting
-- says:    the smallest amount of each currency, and how many 1e-16 parts (quantity x price) it has
-- example: JPY has exponent 0 and unit 1; USD has exponent 2 and unit 0.01; KWD has exponent 3 and unit 0.001
select
    currency,
    exponent,
    case exponent
        when 0 then cast(1 as decimal(5, 4))
        when 1 then cast(0.1 as decimal(5, 4))
        when 2 then cast(0.01 as decimal(5, 4))
        when 3 then cast(0.001 as decimal(5, 4))
        else cast(0.0001 as decimal(5, 4))
    end as minor_unit,
    case exponent
        when 0 then cast(10000000000000000 as hugeint)
        when 1 then cast(1000000000000000 as hugeint)
        when 2 then cast(100000000000000 as hugeint)
        when 3 then cast(10000000000000 as hugeint)
        else cast(1000000000000 as hugeint)
    end as price_scale
from policy.currency
where exponent between 0 and 4
