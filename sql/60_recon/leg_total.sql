-- grain:   leg, legal_entity_code, currency, period, measure
-- owner:   controllership
-- says:    both sides of every leg that compares customers' records: what the bridge has to lead from and to
-- example: BB, US, USD, May 2026, net: booked 1,000.00, billed 930.00 in 34 cells
with cell as ( -- cells of the grids in one shape
    select 'BB' as leg, legal_entity_code, currency, period, 'net' as measure, left_amount, right_amount
    from grid.booked_billed
    union all
    select 'BP' as leg, legal_entity_code, currency, period, account_class as measure, left_amount, right_amount
    from grid.billed_posted
    union all
    select 'RR' as leg, legal_entity_code, currency, period, 'revenue' as measure, left_amount, right_amount
    from grid.posted_recognised
    union all
    select 'SL' as leg, legal_entity_code, currency, period, 'open_receivable' as measure, left_amount, right_amount
    from grid.subledger_ledger
    union all
    select 'SL' as leg, legal_entity_code, currency, period, 'deferred_revenue' as measure, left_amount, right_amount
    from grid.deferred_movement
)

select
    leg,
    legal_entity_code,
    currency,
    period,
    measure,
    sum(left_amount) as left_amount,
    sum(right_amount) as right_amount,
    count(*) as cells
from cell
group by leg, legal_entity_code, currency, period, measure
