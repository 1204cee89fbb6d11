-- control:  BB11
-- priority: 15
-- severity: medium
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     ramp step was not applied: billed at the terms of an earlier step
-- example:  second year sold at 120.00, billed at 100.00 of the first year
-- repair:   amend price from the step
select -- periods of a later ramp step billed with the amount of an earlier one
    cell_id,
    subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'contract says ' || left_text || ' at this ramp step, billed ' || right_text || ' for the period from '
    || cast(service_start_date as varchar) || ' as in an earlier step' as reason,
    evidence
from grid.booked_billed_break
where
    is_earlier_step
    and not is_ended
