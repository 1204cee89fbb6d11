-- control:  BB12
-- priority: 28
-- severity: high
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     rated usage was not billed, or billed at a wrong rate
-- example:  1,500 calls in May, 1,000 included, 0.02 each: 10.00 owed, 30.00 billed
-- repair:   draft invoice item
select -- months of metered use billed with another amount than the contract's rates give
    cell_id,
    subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    case
        when is_nothing_billed then 'metered use is worth ' || left_text || ', no document bills the period from '
        else 'metered use is worth ' || left_text || ', billed ' || right_text || ' for the period from '
    end || cast(service_start_date as varchar) as reason,
    evidence
from grid.booked_billed_break
where
    charge_type = 'usage'
    and not is_ended
