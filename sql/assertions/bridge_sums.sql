-- grain:    leg, legal_entity_code, currency, period, measure
-- owner:    controllership
-- says:     left - right of every bridge group equals the sum of its causes, to the last minor unit
-- severity: error
select
    leg, legal_entity_code, currency, period, measure,
    min(left_amount) - min(right_amount) as difference_amount,
    sum(cause_amount) as caused_amount
from recon.bridge
group by leg, legal_entity_code, currency, period, measure
having min(left_amount) - min(right_amount) <> sum(cause_amount) or min(difference_amount) <> sum(cause_amount)
