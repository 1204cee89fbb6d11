-- control: BB04
-- action:  task
-- grain:   exception_id
-- owner:   revenue operations
-- says:    amend the price, then credit or charge the difference, with the credit note or charge as it would have to be
-- example: billed 950.00 of 1,000.00 in June: charge 50.00 EUR
select
    e.exception_id,
    1 as step,
    e.queue,
    'BB04 ' || e.subject_key || ': amend the price, then credit or charge the difference' as title,
    e.reason || '. Preview: ' || p.preview as body
from recon.exception as e
inner join repair.credit_preview as p on e.exception_id = p.exception_id
where e.control_id = 'BB04'
