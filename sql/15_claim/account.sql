-- grain:   other_account_key
-- owner:   sales operations
-- says:    which CRM account each customer record of billing and ERP belongs to by the ids and numbers that the systems keep
-- example: customer cus_7 names no account, but account 001A names cus_7: linked by reverse_external_id, claim missing
with other as ( -- customer records outside the CRM
    select
        i.role,
        a.instance || ':' || a.source_id as other_account_key,
        a.source_id,
        a.account_number,
        a.claimed_crm_account_id
    from canonical.account as a
    inner join policy.instance as i on a.instance = i.instance
    where i.role in ('billing', 'erp')
),

crm as ( -- accounts of the CRM, once for each role that they may name a customer of
    select
        r.role,
        a.instance || ':' || a.source_id as account_key,
        a.source_id,
        a.account_number,
        case r.role when 'billing' then a.claimed_billing_account_id else a.claimed_erp_account_id end as claimed_id
    from canonical.account as a
    inner join policy.instance as i on a.instance = i.instance
    cross join (select unnest(['billing', 'erp']) as role) as r
    where i.role = 'crm'
),

claim as ( -- every pair that one side or the other claims, or that bears one account number
    select o.other_account_key, c.account_key, true as is_named_by_other, false as is_named_by_crm, false as is_same_number
    from other as o
    inner join crm as c on o.role = c.role and o.claimed_crm_account_id = c.source_id
    union all
    select o.other_account_key, c.account_key, false as is_named_by_other, true as is_named_by_crm, false as is_same_number
    from other as o
    inner join crm as c on o.role = c.role and o.source_id = c.claimed_id
    union all
    select o.other_account_key, c.account_key, false as is_named_by_other, false as is_named_by_crm, true as is_same_number
    from other as o
    inner join crm as c on o.role = c.role and o.account_number = c.account_number
),

pair as ( -- one row a pair with all that speaks for it
    select
        o.role,
        k.other_account_key,
        k.account_key,
        bool_or(is_named_by_other) as is_named_by_other,
        bool_or(is_named_by_crm) as is_named_by_crm,
        bool_or(is_same_number) as is_same_number
    from claim as k
    inner join other as o on k.other_account_key = o.other_account_key
    group by o.role, k.other_account_key, k.account_key
),

mutual as ( -- accounts that name a customer who names them
    select distinct role, account_key
    from pair
    where is_named_by_other and is_named_by_crm
),

-- An id that is borne in two ERPs means the one whose customer names the account in turn: the other is no candidate by it.
ranked as ( -- pairs of one customer record, best evidence first: both ids, then the CRM's own id (of two ERPs that count alike, the
--             one where the number agrees too), then the other's, then the number
    select
        p.other_account_key,
        p.account_key,
        p.is_named_by_other,
        p.is_named_by_crm,
        row_number() over (
            partition by p.other_account_key
            order by
                p.is_named_by_other and p.is_named_by_crm desc, p.is_named_by_crm desc, p.is_same_number desc,
                p.is_named_by_other desc, p.account_key asc
        ) as pair_rank
    from pair as p
    left join mutual as m on p.role = m.role and p.account_key = m.account_key
    where p.is_named_by_other or p.is_same_number or m.account_key is null
)

select
    o.role,
    r.other_account_key,
    r.account_key,
    case
        when r.is_named_by_other and r.is_named_by_crm then 'external_id'
        when r.is_named_by_crm then 'reverse_external_id'
        when r.is_named_by_other then 'external_id'
        else 'account_number'
    end as method,
    case
        when r.is_named_by_other then 'agree' when o.claimed_crm_account_id is null then 'missing' else 'contradicts'
    end as other_claim_state,
    case when r.is_named_by_crm then 'agree' else 'missing' end as crm_claim_state,
    o.role || ' says ' || coalesce(o.claimed_crm_account_id, 'nothing') || ', account is ' || r.account_key as evidence
from ranked as r
inner join other as o on r.other_account_key = o.other_account_key
where r.pair_rank = 1
