-- control: BB09
-- action:  task
-- grain:   exception_id
-- owner:   revenue operations
-- says:    cancel in billing, then credit what was billed after the end, with the credit note or charge as it would have to be
-- example: cancelled from 10 May: credit June, 1,000.00 EUR net on INV-9
select
    e.exception_id,
    1 as step,
    e.queue,
    'BB09 ' || e.subject_key || ': cancel in billing, then credit what was billed after the end' as title,
    e.reason || '. Preview: ' || p.preview as body
from recon.exception as e
inner join repair.credit_preview as p on e.exception_id = p.exception_id
where e.control_id = 'BB09'
