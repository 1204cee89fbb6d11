-- control: BB06, BB12
-- action:  draft_invoice
-- grain:   exception_id, service period
-- owner:   revenue operations
-- says:    a due period or metered use that nothing bills and no invoice will take up, as a draft invoice with a line a period
-- example: sub_9 ended in June and May was never billed: a draft for cus_7 with 1,000.00 EUR for May
-- An item that waits for the next invoice of a subscription that has ended would wait for ever.
select
    exception_id,
    1 as step,
    instance,
    account_source_id,
    subject_key as business_key,
    currency,
    legal_entity_code,
    difference_amount as net_amount,
    description,
    service_start_date,
    service_end_date,
    contract_line_source_id
from repair.unbilled_cell
where control_id in ('BB06', 'BB12') and not is_running
