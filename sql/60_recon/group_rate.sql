-- grain:   currency
-- params:  as_of, group_currency
-- owner:   accounting
-- says:    what one unit of each currency is worth in the group currency: the newest spot rate on or before the day
-- example: EUR 1.08 on 30 June, none on 1 July: 1.08 holds on 1 July
with ranked as ( -- spot rates into the group currency, the newest of each currency ranked first
    select
        currency,
        exchange_rate,
        row_number() over (partition by currency order by effective_date desc, instance asc, source_id asc) as rate_rank
    from canonical.fx_rate
    where quote_currency = $group_currency and rate_type = 'spot' and effective_date <= $as_of and currency <> $group_currency
)

select
    currency,
    exchange_rate
from ranked
where rate_rank = 1
union all -- the group currency itself
select
    cast($group_currency as varchar) as currency,
    cast(1 as decimal(16, 8)) as exchange_rate
