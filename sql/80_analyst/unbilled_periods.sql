-- grain:   subject_key, service_start_date
-- owner:   revenue operations
-- says:    due service periods that nothing has billed, oldest first: revenue leakage
-- example: ORD-00056/1, May 2026, due 1 May, 1,000.00 USD
select
    g.subject_key,
    g.legal_entity_code,
    g.service_start_date,
    g.service_end_date,
    g.due_date,
    g.currency,
    g.left_amount as owed_amount,
    c.cause
from grid.booked_billed as g
inner join recon.cell_cause as c on g.cell_id = c.cell_id
where g.first_document_key is null and g.left_amount > 0
order by g.due_date asc, g.subject_key asc, g.service_start_date asc
