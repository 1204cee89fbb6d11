-- control: BB02
-- action:  task
-- grain:   exception_id
-- owner:   revenue operations
-- says:    credit what no contract covers, or book the contract, with the credit note or charge as it would have to be
-- example: sub_9 was invoiced 500.00 EUR: credit 500.00 EUR net on il_7 of INV-7
select
    e.exception_id,
    1 as step,
    e.queue,
    'BB02 ' || e.subject_key || ': credit what no contract covers, or book the contract' as title,
    e.reason || '. Preview: ' || p.preview as body
from recon.exception as e
inner join repair.credit_preview as p on e.exception_id = p.exception_id
where e.control_id = 'BB02'
