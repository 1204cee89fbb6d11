-- control:  BB09
-- priority: 20
-- severity: high
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     billed after cancellation or end, or the credit for cancelled service was not given
-- example:  cancelled from 10 May, June invoiced at the old price
-- repair:   draft credit memo
select -- cells after a line came to its end with more billed than owed
    cell_id,
    subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'contract ended, owes ' || left_text || ', billed ' || right_text || ' for the period from '
    || cast(service_start_date as varchar) as reason,
    evidence
from grid.booked_billed_break
where
    contract_line_key is not null
    and is_ended
    and difference_amount < 0
