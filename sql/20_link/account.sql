-- grain:   other_account_key
-- owner:   sales operations
-- says:    which CRM account each customer record of billing and ERP belongs to, how that was decided, and whether the ids agree
-- example: NetSuite customer 2001 lost its ids, but name, address and tax id are account 001A's: linked by tax_id, claim missing
select -- by the ids and numbers that the systems keep, unless a person said otherwise
    c.role,
    c.other_account_key,
    c.account_key,
    c.method,
    cast(1 as decimal(5, 4)) as score,
    c.other_claim_state,
    c.crm_claim_state,
    c.evidence,
    false as is_duplicate
from claim.account as c
left join identity.account as i on c.other_account_key = i.other_account_key
where i.other_account_key is null
union all -- by people, tax ids, domains, addresses and names
select
    n.role,
    i.other_account_key,
    i.account_key,
    i.method,
    i.score,
    case
        when a.claimed_crm_account_id is null then 'missing' when a.claimed_crm_account_id = c.source_id then 'agree' else 'contradicts'
    end as other_claim_state,
    case
        when a.source_id = case n.role when 'billing' then c.claimed_billing_account_id else c.claimed_erp_account_id end then 'agree'
        else 'missing'
    end as crm_claim_state,
    i.explanation as evidence,
    i.is_duplicate
from identity.account as i
inner join canonical.account as a on i.other_account_key = a.instance || ':' || a.source_id
inner join policy.instance as n on a.instance = n.instance
inner join canonical.account as c on i.account_key = c.instance || ':' || c.source_id
