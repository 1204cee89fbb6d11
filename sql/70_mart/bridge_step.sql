-- grain:   leg, legal_entity_code, currency, measure, cause
-- owner:   controllership
-- says:    the steps from the left side of a leg to its right side, all periods added up; causes that took no part are left out
-- example: booked 1,000.00 EUR -> price drift 30.00 -> in flight 20.00 -> billed 950.00
with summed as ( -- every cause with the number of periods that it moved
    select
        leg, legal_entity_code, currency, measure, cause,
        sum(cause_amount) as cause_amount,
        cast(sum(case when cause_amount <> 0 then 1 else 0 end) as bigint) as periods
    from recon.bridge
    group by leg, legal_entity_code, currency, measure, cause
)

select leg, legal_entity_code, currency, measure, cause, cause_amount, periods
from summed
where periods > 0
