-- grain:   leg, legal_entity_code, currency, measure, cause
-- owner:   controllership
-- says:    the bridge over all periods, from the left side to the right one, by legal entity
-- example: BB, UK, GBP, net: booked 410,000.00, BB06 2,400.00, unexplained 0.00, billed 407,600.00
with total as ( -- both sides of every entity: each group's amounts stand on all of its rows, so one row a group is taken
    select
        leg, legal_entity_code, currency, measure,
        sum(left_amount) as left_amount,
        sum(right_amount) as right_amount
    from recon.bridge
    where cause = 'unexplained'
    group by leg, legal_entity_code, currency, measure
),

caused as ( -- causes of every entity
    select
        leg, legal_entity_code, currency, measure, cause,
        sum(cause_amount) as cause_amount
    from recon.bridge
    group by leg, legal_entity_code, currency, measure, cause
)

select
    t.leg, t.legal_entity_code, t.currency, t.measure, t.left_amount, c.cause, c.cause_amount, t.right_amount
from total as t
inner join caused as c
    on t.leg = c.leg and t.legal_entity_code = c.legal_entity_code and t.currency = c.currency and t.measure = c.measure
where c.cause_amount <> 0 or c.cause = 'unexplained'
order by t.leg asc, t.legal_entity_code asc, t.currency asc, t.measure asc, c.cause asc
