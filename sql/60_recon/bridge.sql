-- grain:   leg, legal_entity_code, currency, period, measure, cause
-- owner:   controllership
-- says:    from the left side to the right one, cause by cause: left - right = sum of cause_amount of the group's rows
-- example: booked 1,000.00, billed 930.00: BB04 50.00, timing 20.00, unexplained 0.00
-- The group's left, right and difference stand on each of its rows; rows for timing and unexplained are there even when 0.00.
with total as ( -- both sides of every group
    select leg, legal_entity_code, currency, period, measure, left_amount, right_amount
    from recon.leg_total
    union all
    select
        'SL' as leg, legal_entity_code, currency, period, 'foreign_receivable' as measure,
        sum(left_amount) as left_amount, sum(right_amount) as right_amount
    from grid.exchange_effect
    group by legal_entity_code, currency, period
),

caused as ( -- sum of every cause in every group
    select
        leg, legal_entity_code, currency, period, measure, cause,
        sum(difference_amount) as cause_amount
    from recon.cell_cause
    group by leg, legal_entity_code, currency, period, measure, cause
),

row_of as ( -- rows that the bridge shows: every cause found, timing and unexplained always
    select leg, legal_entity_code, currency, period, measure, cause, cause_amount from caused
    union all
    select t.leg, t.legal_entity_code, t.currency, t.period, t.measure, k.cause, 0 as cause_amount
    from total as t
    cross join (select unnest(['timing', 'unexplained']) as cause) as k
)

select
    t.leg,
    t.legal_entity_code,
    t.currency,
    t.period,
    t.measure,
    cast(t.left_amount as decimal(20, 4)) as left_amount,
    cast(t.right_amount as decimal(20, 4)) as right_amount,
    cast(t.left_amount - t.right_amount as decimal(20, 4)) as difference_amount,
    r.cause,
    cast(sum(r.cause_amount) as decimal(20, 4)) as cause_amount
from total as t
inner join row_of as r
    on
        t.leg = r.leg and t.legal_entity_code = r.legal_entity_code and t.currency = r.currency and t.period = r.period
        and t.measure = r.measure
group by t.leg, t.legal_entity_code, t.currency, t.period, t.measure, t.left_amount, t.right_amount, r.cause
