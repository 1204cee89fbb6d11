-- grain:   subject_key, service_start_date
-- owner:   revenue operations
-- says:    service billed after its contract line came to an end
-- example: ORD-00056/1 cancelled from 10 May, June billed 1,000.00 USD
select
    subject_key,
    legal_entity_code,
    service_start_date,
    service_end_date,
    currency,
    right_amount as billed_amount,
    difference_amount
from grid.booked_billed_break
where is_ended and difference_amount < 0
order by subject_key asc, service_start_date asc, currency asc
