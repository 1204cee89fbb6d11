-- grain:   leg, legal_entity_code, currency, period, measure
-- owner:   controllership
-- says:    one line of the bridge: both sides, their difference, and how much of it is named, in flight or unexplained
-- example: booked 1,000.00 EUR, billed 950.00 -> difference 50.00 = named 50.00 + in flight 0.00 + unexplained 0.00, remainder 0.00
with step as ( -- every cause of every line, its amount put in the column of its kind
    select
        leg, legal_entity_code, currency, period, measure, left_amount, right_amount, difference_amount, cause_amount,
        case when cause in ('timing', 'unexplained') then cast(0 as decimal(20, 4)) else cause_amount end as named_amount,
        case when cause = 'timing' then cause_amount else cast(0 as decimal(20, 4)) end as timing_amount,
        case when cause = 'unexplained' then cause_amount else cast(0 as decimal(20, 4)) end as unexplained_amount
    from recon.bridge
)

select
    leg, legal_entity_code, currency, period, measure, left_amount, right_amount, difference_amount,
    sum(named_amount) as explained_amount,
    sum(timing_amount) as timing_amount,
    sum(unexplained_amount) as unexplained_amount,
    difference_amount - sum(cause_amount) as remainder_amount
from step
group by leg, legal_entity_code, currency, period, measure, left_amount, right_amount, difference_amount
