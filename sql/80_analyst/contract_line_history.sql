-- grain:   service_start_date, currency
-- params:  subject
-- owner:   revenue operations
-- says:    one contract line period by period: owed, billed, difference and its cause
-- example: subject ORD-00056/1: May 1,000.00 owed, 950.00 billed, BB04
select
    g.service_start_date,
    g.service_end_date,
    g.due_date,
    g.currency,
    g.left_amount as owed_amount,
    g.right_amount as billed_amount,
    g.difference_amount,
    coalesce(c.cause, 'agrees') as cause
from grid.booked_billed as g
left join recon.cell_cause as c on g.cell_id = c.cell_id
where g.subject_key = $subject
order by g.service_start_date asc, g.currency asc
