-- grain:   queue, exception_id
-- owner:   controllership
-- says:    what each queue has to work on, the most at risk first, and whether it would block a close
-- example: revenue operations: BB04 ORD-00056/1, 250.00 USD, amend price
select
    e.queue,
    e.severity,
    e.control_id,
    e.subject_key,
    e.legal_entity_code,
    e.currency,
    e.difference_amount,
    e.amount_at_risk,
    m.is_material,
    e.first_period,
    e.reason,
    e.repair,
    e.exception_id
from recon.exception as e
inner join recon.materiality as m on e.exception_id = m.exception_id
order by e.queue asc, e.amount_at_risk desc, e.control_id asc, e.subject_key asc, e.exception_id asc
