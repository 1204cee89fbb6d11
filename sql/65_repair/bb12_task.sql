-- control: BB12
-- action:  task
-- grain:   exception_id
-- owner:   revenue operations
-- says:    credit what metered use was billed too high, with the credit note as it would have to be
-- example: use of May is worth 5,298 JPY, billed 7,298: credit 2,000 JPY net on il_7 of INV-7
select
    e.exception_id,
    1 as step,
    e.queue,
    'BB12 ' || e.subject_key || ': credit use that was billed too high' as title,
    e.reason || '. Preview: ' || p.preview as body
from recon.exception as e
inner join repair.credit_preview as p on e.exception_id = p.exception_id
where e.control_id = 'BB12' and p.is_credit
