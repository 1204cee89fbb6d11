-- control:  BB10
-- priority: 18
-- severity: medium
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     amendment was not applied in billing
-- example:  2 seats more from June on, billed as before: 200.00 too little a month
-- repair:   apply amendment
-- A cell is off by exactly what an amendment owes in it, up to a minor unit of rounding. An amendment that ends the line is BB09's.
select -- running periods billed as if an amendment did not exist
    k.cell_id,
    k.subject_key,
    'BB' as leg,
    k.legal_entity_code,
    k.currency,
    k.period,
    k.difference_amount,
    'contract says ' || k.left_text || ' with ' || a.amendment_line_key || ', billed ' || k.right_text || ' for the period from '
    || cast(k.service_start_date as varchar) || ' as without it' as reason,
    k.evidence
from grid.booked_billed_break as k
inner join grid.booked_billed_amendment as a on k.cell_id = a.cell_id
where
    not k.is_ended
    and k.is_subscribed
