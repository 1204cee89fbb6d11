-- control: ST01
-- action:  set_fields
-- grain:   exception_id, field
-- owner:   sales operations
-- says:    invoice and payment status that an order should say, as billing has them
-- example: ORD-00056 says Open and Unpaid, its newest invoice is paid: Invoice_Status__c to Paid, Payment_Status__c to Paid
with stale as ( -- orders in question with what they say and what is right
    select
        e.exception_id, c.instance, c.source_id, c.contract_number, c.source_version, c.claimed_invoice_status,
        c.claimed_payment_status, s.invoice_status, s.payment_status
    from recon.exception as e
    inner join canonical.contract as c on e.subject_key = c.contract_number
    inner join link.contract_invoice_status as s on c.instance || ':' || c.source_id = s.contract_key
    where e.control_id = 'ST01'
)

select
    exception_id,
    1 as step,
    instance,
    'contract' as table_name,
    source_id,
    contract_number as business_key,
    source_version,
    'claimed_invoice_status' as field_name,
    claimed_invoice_status as before_value,
    upper(substr(invoice_status, 1, 1)) || substr(invoice_status, 2) as after_value
from stale
where lower(claimed_invoice_status) <> invoice_status
union all
select
    exception_id,
    1 as step,
    instance,
    'contract' as table_name,
    source_id,
    contract_number as business_key,
    source_version,
    'claimed_payment_status' as field_name,
    claimed_payment_status as before_value,
    upper(substr(payment_status, 1, 1)) || substr(payment_status, 2) as after_value
from stale
where lower(claimed_payment_status) <> payment_status
