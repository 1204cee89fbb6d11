-- grain:   node_key
-- owner:   controllership
-- says:    every business record that a trace may show, of all systems, in one shape
-- example: invoice:stripe_main:in_7, INV-US-000123, 120.00 USD, paid, 2026-03-01
select
    'account:' || a.instance || ':' || a.source_id as node_key,
    i.role,
    a.instance,
    'account' as kind,
    a.source_id,
    coalesce(a.account_number, a.account_name) as business_number,
    cast(null as decimal(20, 4)) as amount,
    a.currency,
    cast(null as varchar) as record_status,
    cast(null as date) as record_date
from canonical.account as a
left join policy.instance as i on a.instance = i.instance
union all -- deals
select
    'opportunity:' || o.instance || ':' || o.source_id as node_key, 'crm' as role, o.instance, 'opportunity' as kind, o.source_id,
    o.opportunity_number as business_number, o.opportunity_amount as amount, o.currency, o.opportunity_stage as record_status,
    o.close_date as record_date
from canonical.opportunity as o
union all -- orders
select
    'contract:' || c.instance || ':' || c.source_id as node_key, 'crm' as role, c.instance, 'contract' as kind, c.source_id,
    c.contract_number as business_number, cast(null as decimal(20, 4)) as amount, c.currency, c.contract_status as record_status,
    c.start_date as record_date
from canonical.contract as c
union all -- what they sell, with what is owed in all
select
    'contract_line:' || b.contract_line_key as node_key, 'crm' as role, split_part(b.contract_line_key, ':', 1) as instance,
    'contract_line' as kind, b.contract_line_source_id as source_id, b.line_subject_key as business_number,
    s.net_amount as amount, b.currency, b.charge_type as record_status, b.start_date as record_date
from link.booked_line as b
left join (
    select contract_line_key, cast(sum(net_amount) as decimal(20, 4)) as net_amount from schedule.billing_period group by contract_line_key
) as s on b.contract_line_key = s.contract_line_key
union all -- what billing believes it must bill
select
    'subscription:' || s.instance || ':' || s.source_id as node_key, 'billing' as role, s.instance, 'subscription' as kind,
    s.source_id, s.source_id as business_number, cast(null as decimal(20, 4)) as amount, s.currency,
    s.subscription_status as record_status, s.start_date as record_date
from canonical.subscription as s
union all -- its items
select
    'subscription_line:' || s.instance || ':' || s.source_id as node_key, 'billing' as role, s.instance, 'subscription_line' as kind,
    s.source_id, s.source_id as business_number, cast(null as decimal(20, 4)) as amount, u.currency,
    u.subscription_status as record_status, u.start_date as record_date
from canonical.subscription_line as s
left join canonical.subscription as u on s.instance = u.instance and s.subscription_source_id = u.source_id
union all -- billing documents
select
    'invoice:' || i.instance || ':' || i.source_id as node_key, 'billing' as role, i.instance, i.document_kind as kind, i.source_id,
    i.document_number as business_number, i.total_amount as amount, i.currency, i.document_status as record_status,
    i.issued_date as record_date
from canonical.invoice as i
union all -- money
select
    'payment:' || p.instance || ':' || p.source_id as node_key, 'billing' as role, p.instance, p.payment_kind as kind, p.source_id,
    p.source_id as business_number, p.payment_amount as amount, p.currency, p.payment_status as record_status, p.paid_date as record_date
from canonical.payment as p
union all -- ERP transactions, worth what they post to receivable
select
    'transaction:' || t.transaction_key as node_key, 'erp' as role, split_part(t.transaction_key, ':', 1) as instance,
    min(t.transaction_kind) as kind, split_part(t.transaction_key, ':', 2) as source_id,
    min(t.transaction_number) as business_number,
    cast(sum(t.receivable_amount) as decimal(20, 4)) as amount, min(t.currency) as currency,
    'posted' as record_status, min(t.posting_date) as record_date
from link.posted_transaction as t
group by t.transaction_key
