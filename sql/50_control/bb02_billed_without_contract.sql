-- control:  BB02
-- priority: 10
-- severity: high
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     billed without any contract
-- example:  sub_9 names no order and no order names it, yet it was invoiced 500.00 EUR
-- repair:   investigate; credit
select -- billed cells that no contract line is linked to
    cell_id,
    subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'billed ' || right_text || ' for the period from ' || cast(service_start_date as varchar)
    || ', and no contract line is linked to it' as reason,
    evidence
from grid.booked_billed_break
where
    contract_line_key is null
