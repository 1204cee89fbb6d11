-- control:  MD07
-- priority: 60
-- severity: low
-- grain:    customer record or subscription line whose id of the CRM is missing or wrong
-- owner:    sales operations
-- queue:    revenue_operations
-- says:     external id is missing or points to the wrong record, while the CRM's own id shows the right one
-- example:  cus_7 names account 001B, but 001A names cus_7: AC-00012@billing
-- repair:   set external id
select -- customer records linked by other evidence than their own claim
    cast(null as varchar) as cell_id,
    coalesce(a.account_number, a.source_id) || '@' || k.role as subject_key,
    'MD' as leg,
    a.legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    'customer ' || k.other_account_key || ' (' || k.other_claim_state || '): ' || k.evidence
    || case when k.crm_claim_state = 'missing' then '; neither names the other, set both ids' else '' end as reason,
    '[{"instance":"' || a.instance || '","table":"account","source_id":"' || a.source_id || '"},{"instance":"'
    || split_part(k.other_account_key, ':', 1) || '","table":"account","source_id":"' || split_part(k.other_account_key, ':', 2)
    || '"}]' as evidence,
    'customer ' || k.other_account_key || ' names account ' || a.source_id as expected_text,
    'it names ' || coalesce('account ' || r.claimed_crm_account_id, 'no account') as found_text
from link.account as k
inner join canonical.account as a on k.account_key = a.instance || ':' || a.source_id
inner join canonical.account as r on k.other_account_key = r.instance || ':' || r.source_id
where k.other_claim_state <> 'agree' and not k.is_duplicate
union all -- subscription lines linked by other evidence than their own claim
select
    cast(null as varchar) as cell_id,
    b.subject_key || '@billing' as subject_key,
    'MD' as leg,
    b.legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    'subscription line ' || k.subscription_line_key || ' (' || k.billing_claim_state || '): ' || k.evidence as reason,
    '[{"instance":"' || split_part(k.root_line_key, ':', 1) || '","table":"contract_line","source_id":"'
    || split_part(k.root_line_key, ':', 2) || '"},{"instance":"' || split_part(k.subscription_line_key, ':', 1)
    || '","table":"subscription_line","source_id":"' || split_part(k.subscription_line_key, ':', 2) || '"}]' as evidence,
    'subscription line ' || k.subscription_line_key || ' names contract line ' || split_part(k.root_line_key, ':', 2) as expected_text,
    'it names ' || coalesce('contract line ' || s.claimed_contract_line_id, 'no contract line') as found_text
from link.contract_line as k
inner join link.booked_line as b on k.root_line_key = b.contract_line_key
inner join canonical.subscription_line as s on k.subscription_line_key = s.instance || ':' || s.source_id
where k.billing_claim_state <> 'agree'
