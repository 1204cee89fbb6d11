-- control:  MD02
-- priority: 50
-- severity: low
-- grain:    customer that has several records in one system
-- owner:    sales operations
-- queue:    revenue_operations
-- says:     one customer has several records in one system: same tax id, same CRM account, or all but the same by what is written
-- example:  cus_7 and cus_9 both belong to account 001A and bill in EUR: AC-00012@billing
-- repair:   merge task
-- needs:    billing
with record as ( -- every customer record with its role
    select
        a.instance, a.source_id, i.role,
        coalesce(a.account_number, a.source_id) as record_number,
        upper(replace(a.tax_id, ' ', '')) as tax_id,
        a.currency, a.parent_source_id, a.claimed_crm_account_id
    from canonical.account as a
    inner join policy.instance as i on a.instance = i.instance
),

likeness as ( -- what two records of one system must not share: a branch has its parent's tax id, billing may keep one for each currency
    select
        c.instance, c.role, c.source_id, c.record_number,
        'tax id ...' || right(c.tax_id, 3) as shared_text,
        'tax|' || c.tax_id as shared_key
    from record as c
    left join record as p on c.instance = p.instance and c.parent_source_id = p.source_id and c.tax_id = p.tax_id
    where c.tax_id <> '' and p.source_id is null
    union all -- an id that points to the wrong account is MD07 and no likeness: the link says whose record it is
    select
        c.instance, c.role, c.source_id, c.record_number,
        'CRM account ' || c.claimed_crm_account_id || coalesce(' in ' || c.currency, '') as shared_text,
        'crm|' || c.claimed_crm_account_id || coalesce('|' || c.currency, '') as shared_key
    from record as c
    left join link.account as k on c.instance || ':' || c.source_id = k.other_account_key
    where
        c.role <> 'crm' and c.claimed_crm_account_id is not null
        and (k.account_key is null or split_part(k.account_key, ':', 2) = c.claimed_crm_account_id)
),

told as ( -- pairs that neither of these shows: by another name at one address or domain, by people; not one for each currency
    select
        d.customer_id, d.instance, d.left_key, d.right_key, d.explanation
    from identity.duplicate as d
    inner join record as l on d.left_key = l.instance || ':' || l.source_id
    inner join record as r on d.right_key = r.instance || ':' || r.source_id
    where
        coalesce(l.tax_id <> r.tax_id or l.tax_id = '', true) and coalesce(l.claimed_crm_account_id <> r.claimed_crm_account_id, true)
        and coalesce(l.parent_source_id <> r.source_id, true) and coalesce(r.parent_source_id <> l.source_id, true)
        and (l.role <> 'billing' or coalesce(l.currency = r.currency, true))
),

shared as ( -- each record once for everything that it shares with another one
    select instance, role, source_id, record_number, shared_text, shared_key
    from likeness
    union all
    select
        c.instance, c.role, c.source_id, c.record_number, replace(t.explanation, 'same: ', '') as shared_text,
        'customer|' || t.customer_id as shared_key
    from told as t
    inner join record as c on c.instance || ':' || c.source_id in (t.left_key, t.right_key)
)

select
    cast(null as varchar) as cell_id,
    min(record_number) || '@' || role as subject_key,
    'MD' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    cast(count(*) as varchar) || ' records of ' || instance || ' share ' || min(shared_text) || ': '
    || string_agg(source_id, ', ' order by source_id) as reason,
    '[' || string_agg(
        '{"instance":"' || instance || '","table":"account","source_id":"' || source_id || '"}', ',' order by source_id
    ) || ']' as evidence,
    'one record of the customer in ' || instance as expected_text,
    cast(count(*) as varchar) || ' records: ' || string_agg(source_id, ', ' order by source_id) as found_text
from shared
group by instance, role, shared_key
having count(*) > 1
