-- grain:   root contract line, currency, legal_entity_code
-- owner:   accounting
-- says:    what is left of each contract line's deferred revenue: deferred by its documents less released in the ledger so far
-- example: 310.00 deferred, 120.00 and 190.00 released, then 50.00 once more: a balance of -50.00, which cannot be
with side as ( -- what documents put off, and what the ledger released
    select root_line_key, currency, legal_entity_code, net_amount as deferred_amount, cast(0 as decimal(20, 4)) as released_amount
    from schedule.deferred_line
    where root_line_key is not null
    union all
    select
        contract_line_key as root_line_key, currency, legal_entity_code, cast(0 as decimal(20, 4)) as deferred_amount,
        right_amount as released_amount
    from grid.posted_recognised
    where contract_line_key is not null
)

select
    root_line_key,
    currency,
    legal_entity_code,
    cast(sum(deferred_amount) as decimal(20, 4)) as deferred_amount,
    cast(sum(released_amount) as decimal(20, 4)) as released_amount,
    cast(sum(deferred_amount) - sum(released_amount) as decimal(20, 4)) as balance_amount
from side
group by root_line_key, currency, legal_entity_code
