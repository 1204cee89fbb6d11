-- control: BB08
-- action:  task
-- grain:   exception_id
-- owner:   revenue operations
-- says:    credit what was billed twice, with the credit note or charge as it would have to be
-- example: May stands on INV-7 and INV-9: credit 1,000.00 EUR net on INV-9
select
    e.exception_id,
    1 as step,
    e.queue,
    'BB08 ' || e.subject_key || ': credit what was billed twice' as title,
    e.reason || '. Preview: ' || p.preview as body
from recon.exception as e
inner join repair.credit_preview as p on e.exception_id = p.exception_id
where e.control_id = 'BB08'
