-- control: BB02, BB04, BB05, BB08, BB09, BB11, BB12
-- action:  task
-- grain:   exception_id
-- owner:   revenue operations
-- says:    what billing has to amend, with the credit note or charge as it would have to be: billing keeps no draft credit notes
-- example: BB08: May stands on INV-7 and INV-9: credit 1,000.00 EUR net on INV-9
-- Metered use that was billed too low is a pending item instead, which nobody has to word.
select
    e.exception_id,
    1 as step,
    e.queue,
    e.control_id || ' ' || e.subject_key || ': '
    || case e.control_id
        when 'BB02' then 'credit what no contract covers, or book the contract'
        when 'BB04' then 'amend the price, then credit or charge the difference'
        when 'BB05' then 'amend the quantity, then credit or charge the difference'
        when 'BB08' then 'credit what was billed twice'
        when 'BB09' then 'cancel in billing, then credit what was billed after the end'
        when 'BB11' then 'set the price of the ramp step, then credit or charge the difference'
        when 'BB12' then 'credit use that was billed too high'
    end as title,
    e.reason || '. Preview: ' || p.preview as body
from recon.exception as e
inner join repair.credit_preview as p on e.exception_id = p.exception_id
where e.control_id in ('BB02', 'BB04', 'BB05', 'BB08', 'BB09', 'BB11') or (e.control_id = 'BB12' and p.is_credit)
