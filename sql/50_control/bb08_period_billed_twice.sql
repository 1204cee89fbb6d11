-- control:  BB08
-- priority: 25
-- severity: high
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     the same period was billed twice
-- example:  two invoices of May with the same item: 1,000.00 USD too much
-- repair:   draft credit memo
select -- sold periods with two or more regular lines and too much billed
    cell_id,
    subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'contract says ' || left_text || ', billed ' || right_text || ' for the period from '
    || cast(service_start_date as varchar) || ' on ' || cast(regular_lines as varchar) || ' lines' as reason,
    evidence
from grid.booked_billed_break
where
    contract_line_key is not null
    and regular_lines > 1
    and difference_amount < 0
    and left_amount <> 0
    and not is_ended
