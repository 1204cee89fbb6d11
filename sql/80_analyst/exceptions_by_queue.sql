-- grain:   queue, exception_id
-- owner:   controllership
-- says:    what each queue has to work on, the most at risk first
-- example: revenue operations: BB04 ORD-00056/1, 250.00 USD, amend price
select
    queue,
    severity,
    control_id,
    subject_key,
    legal_entity_code,
    currency,
    difference_amount,
    amount_at_risk,
    first_period,
    reason,
    repair,
    exception_id
from recon.exception
order by queue asc, amount_at_risk desc, control_id asc, subject_key asc, exception_id asc
