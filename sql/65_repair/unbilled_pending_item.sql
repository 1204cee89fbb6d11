-- control: BB06, BB12
-- action:  pending_item
-- grain:   exception_id, service period
-- owner:   revenue operations
-- says:    a due period or metered use that nothing bills, as an item that waits for the next invoice of a subscription that runs
-- example: May of ORD-00056/1: 1,000.00 EUR on the next invoice of sub_9
select
    exception_id,
    step,
    instance,
    account_source_id,
    subscription_source_id,
    subject_key as business_key,
    currency,
    difference_amount as net_amount,
    description,
    service_start_date,
    service_end_date,
    contract_line_source_id,
    subject_key as contract_line_key
from repair.unbilled_cell
where control_id in ('BB06', 'BB12') and is_running
