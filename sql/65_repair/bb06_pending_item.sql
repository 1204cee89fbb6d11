-- control: BB06
-- action:  pending_item
-- grain:   exception_id, service period
-- owner:   revenue operations
-- says:    a due period that nothing bills, as an item that waits for the customer's next invoice
-- example: May of ORD-00056/1: 1,000.00 EUR on the customer's next invoice
select
    exception_id,
    step,
    instance,
    account_source_id,
    subscription_source_id,
    subject_key as business_key,
    currency,
    difference_amount as net_amount,
    'missing period of ' || subject_key || ', ' || cast(service_start_date as varchar) || ' to ' || cast(service_end_date as varchar)
        as description,
    service_start_date,
    service_end_date,
    contract_line_source_id,
    subject_key as contract_line_key
from repair.unbilled_cell
where control_id = 'BB06'
