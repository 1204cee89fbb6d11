-- control:  BB01
-- priority: 10
-- severity: high
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     contract line was never set up as a subscription
-- example:  ORD-00056/1 is due 1,000.00 USD a month since March and no subscription item exists
-- repair:   create subscription
select -- due cells of recurring and usage lines that no subscription line bills
    cell_id,
    subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'contract owes ' || left_text || ' for the period from ' || cast(service_start_date as varchar)
    || ', and billing has no subscription item for the line' as reason,
    evidence
from grid.booked_billed_break
where
    contract_line_key is not null
    and charge_type <> 'one_time'
    and not is_subscribed
    and is_nothing_billed
