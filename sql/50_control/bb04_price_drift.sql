-- control:  BB04
-- priority: 40
-- severity: medium
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     unit price or discount differs from the contract
-- example:  10 x 100.00 sold, 10 x 95.00 billed from June on
-- repair:   amend price; credit or debit the difference
select -- periods billed with the sold quantity at another price or discount
    cell_id,
    subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'contract says ' || left_text || ', billed ' || right_text || ' for the period from '
    || cast(service_start_date as varchar) || ' with the same quantity' as reason,
    evidence
from grid.booked_billed_break
where
    contract_line_key is not null
    and not is_nothing_billed
    and not is_ended
    and not is_earlier_step
    and left_amount <> 0
    and (regular_lines <= 1 or difference_amount > 0)
    and billed_quantity = expected_quantity
