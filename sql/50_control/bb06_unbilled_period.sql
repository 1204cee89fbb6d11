-- control:  BB06
-- priority: 30
-- severity: high
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     a due period was not billed although the subscription is right
-- example:  invoices of April and June, none of May
-- repair:   draft invoice
select -- due periods of subscribed or one-time lines that nothing bills (metered use is BB12)
    cell_id,
    subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'contract owes ' || left_text || ' for the period from ' || cast(service_start_date as varchar)
    || ', and no document bills it' as reason,
    evidence
from grid.booked_billed_break
where
    contract_line_key is not null
    and (is_subscribed or charge_type = 'one_time')
    and charge_type <> 'usage'
    and is_nothing_billed
    and left_amount > 0
    and not is_ended
