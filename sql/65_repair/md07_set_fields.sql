-- control: MD07
-- action:  set_fields
-- grain:   exception_id, record whose id of the CRM is missing or wrong
-- owner:   sales operations
-- says:    the CRM's id that a customer record or subscription line should bear, where the CRM itself names that very record
-- example: 001A names cus_7, cus_7 names 001B: salesforce_account_id of cus_7 from 001B to 001A
-- What is linked by its number only is left to a person: an id is never guessed.
select -- customer records of billing and ERP
    e.exception_id,
    1 as step,
    o.instance,
    'account' as table_name,
    o.source_id,
    e.subject_key as business_key,
    o.source_version,
    'claimed_crm_account_id' as field_name,
    o.claimed_crm_account_id as before_value,
    a.source_id as after_value
from recon.exception as e
inner join link.account as k on k.other_claim_state <> 'agree' and k.crm_claim_state = 'agree'
inner join canonical.account as a
    on k.account_key = a.instance || ':' || a.source_id and e.subject_key = coalesce(a.account_number, a.source_id) || '@' || k.role
inner join canonical.account as o on k.other_account_key = o.instance || ':' || o.source_id
where e.control_id = 'MD07'
union all -- subscription lines of billing
select
    e.exception_id,
    1 as step,
    s.instance,
    'subscription_line' as table_name,
    s.source_id,
    e.subject_key as business_key,
    s.source_version,
    'claimed_contract_line_id' as field_name,
    s.claimed_contract_line_id as before_value,
    b.contract_line_source_id as after_value
from recon.exception as e
inner join link.booked_line as b on e.subject_key = b.subject_key || '@billing' and b.contract_line_key = b.root_line_key
inner join link.contract_line as k
    on b.contract_line_key = k.root_line_key and k.billing_claim_state <> 'agree' and k.crm_claim_state = 'agree'
inner join canonical.subscription_line as s on k.subscription_line_key = s.instance || ':' || s.source_id
where e.control_id = 'MD07'
