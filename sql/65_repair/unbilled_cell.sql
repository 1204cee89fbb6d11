-- grain:   cell_id
-- owner:   revenue operations
-- says:    what a subscription line lacks in billing, cell by cell, with the customer and the one subscription that should bill it
-- example: May of ORD-00056/1 was never invoiced: 1,000.00 EUR for customer cus_7 on sub_9
with billed_by as ( -- subscriptions and customers of each contract line; several cannot be told apart
    select
        root_line_key,
        min(split_part(subscription_key, ':', 1)) as instance,
        min(split_part(subscription_key, ':', 2)) as subscription_source_id,
        min(split_part(billing_account_key, ':', 2)) as account_source_id
    from link.contract_line
    group by root_line_key
    having count(distinct subscription_key) = 1 and count(distinct billing_account_key) = 1
)

select
    e.exception_id,
    e.control_id,
    w.cell_id,
    row_number() over (partition by e.exception_id order by g.service_start_date asc, w.cell_id asc) as step,
    b.instance,
    b.account_source_id,
    b.subscription_source_id,
    u.subscription_status <> 'canceled' as is_running,
    g.subject_key,
    g.currency,
    g.legal_entity_code,
    g.difference_amount,
    'missing ' || case when g.charge_type = 'usage' then 'use' else 'period' end || ' of ' || g.subject_key || ', '
    || cast(g.service_start_date as varchar) || ' to ' || cast(g.service_end_date as varchar) as description,
    g.service_start_date,
    g.service_end_date,
    l.contract_line_source_id
from recon.exception as e
inner join recon.claim as w
    on e.control_id = w.control_id and e.subject_key = w.subject_key and e.currency is not distinct from w.currency
inner join grid.booked_billed_break as g on w.cell_id = g.cell_id
inner join link.booked_line as l on g.contract_line_key = l.contract_line_key
inner join billed_by as b on g.contract_line_key = b.root_line_key
inner join canonical.subscription as u on b.instance = u.instance and b.subscription_source_id = u.source_id
where e.leg = 'BB' and w.is_winner and g.difference_amount > 0 and g.currency = l.currency
