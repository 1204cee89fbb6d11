-- grain:   account_key, other record, field_name
-- owner:   sales operations
-- says:    every field of every record of a customer, in one shape: names without idle blanks, parents by their CRM account
-- example: account 001A, NetSuite customer 2001, payment_terms NET30
with member as ( -- records of each customer: the CRM's own and those linked to it
    select
        a.instance || ':' || a.source_id as account_key,
        'crm' as role,
        a.instance || ':' || a.source_id as record_key
    from canonical.account as a
    inner join policy.instance as i on a.instance = i.instance
    where i.role = 'crm'
    union all
    select account_key, role, other_account_key as record_key
    from link.account
    where not is_duplicate
),

owned as ( -- fields of customers, with the owner where the policy names one
    select f.field_name, min(o.owner_role) as owner_role
    from (
        select
            unnest([
                'account_number', 'account_name', 'tax_id', 'country_code', 'currency', 'payment_terms', 'legal_entity_code',
                'parent_source_id', 'domain', 'address'
            ]) as field_name
    ) as f
    left join policy.ownership as o on o.table_name = 'account' and f.field_name = o.field_name
    group by f.field_name
)

select
    m.account_key,
    m.role,
    a.instance,
    a.source_id,
    f.field_name,
    f.owner_role,
    case f.field_name
        when 'account_name' then nullif(regexp_replace(trim(a.account_name), '\s+', ' ', 'g'), '')
        when 'tax_id' then nullif(upper(replace(a.tax_id, ' ', '')), '')
        when 'payment_terms' then nullif(upper(trim(a.payment_terms)), '')
        when 'account_number' then a.account_number
        when 'domain' then a.domain
        when 'address' then a.address
        when 'currency' then a.currency
        when 'country_code' then a.country_code
        when 'legal_entity_code' then a.legal_entity_code
        when 'parent_source_id' then coalesce(p.account_key, case when m.role = 'crm' then a.instance || ':' || a.parent_source_id end)
    end as field_value
from member as m
inner join canonical.account as a on m.record_key = a.instance || ':' || a.source_id
cross join owned as f
left join link.account as p on a.instance || ':' || a.parent_source_id = p.other_account_key
