-- control: BB11
-- action:  task
-- grain:   exception_id
-- owner:   revenue operations
-- says:    set the price of the ramp step, then credit or charge the difference, with the credit note or charge as it would have to be
-- example: step 2 billed at 800.00 instead of 900.00: charge 100.00 EUR
select
    e.exception_id,
    1 as step,
    e.queue,
    'BB11 ' || e.subject_key || ': set the price of the ramp step, then credit or charge the difference' as title,
    e.reason || '. Preview: ' || p.preview as body
from recon.exception as e
inner join repair.credit_preview as p on e.exception_id = p.exception_id
where e.control_id = 'BB11'
