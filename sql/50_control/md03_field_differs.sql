-- control:  MD03
-- priority: 55
-- severity: low
-- grain:    customer, role of the differing record, field
-- owner:    sales operations
-- queue:    revenue_operations
-- says:     a field of a customer differs from its owner's value (name, tax id, terms, currency, entity, parent)
-- example:  NetSuite says NET30, the CRM says NET45, terms are the ERP's: AC-00012@crm/payment_terms
-- repair:   set to owner's value
with owner_says as ( -- the owner's value, where its records agree on one
    select account_key, field_name, min(field_value) as field_value, min(instance) as instance, min(source_id) as source_id
    from link.account_field
    where role = owner_role and field_value is not null
    group by account_key, field_name
    having count(distinct field_value) = 1
),

carried as ( -- fields that a system has at all: what it never holds cannot be missing
    select distinct instance, field_name
    from link.account_field
    where field_value is not null and field_name <> 'parent_source_id'
),

differing as ( -- values of others that are not the owner's
    select
        v.account_key, v.role, v.instance, v.source_id, v.field_name, v.owner_role, v.field_value,
        o.field_value as owner_value, o.instance as owner_instance, o.source_id as owner_source_id
    from link.account_field as v
    inner join owner_says as o on v.account_key = o.account_key and v.field_name = o.field_name
    left join carried as c on v.instance = c.instance and v.field_name = c.field_name
    where v.role <> v.owner_role and (v.field_value <> o.field_value or (v.field_value is null and c.instance is not null))
)

select -- tax ids are shown by their last characters only
    'field|' || d.instance || ':' || d.source_id || '|' || d.field_name as cell_id,
    coalesce(a.account_number, a.source_id) || '@' || d.role || '/' || d.field_name as subject_key,
    'MD' as leg,
    a.legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    replace(d.field_name, '_', ' ') || ' belongs to ' || d.owner_role || ', which says '
    || case when d.field_name = 'tax_id' then '...' || right(d.owner_value, 3) else d.owner_value end || '; ' || d.role || ' says '
    || coalesce(case when d.field_name = 'tax_id' then '...' || right(d.field_value, 3) else d.field_value end, 'nothing') as reason,
    '[{"instance":"' || d.owner_instance || '","table":"account","source_id":"' || d.owner_source_id || '"},{"instance":"'
    || d.instance || '","table":"account","source_id":"' || d.source_id || '"}]' as evidence,
    replace(d.field_name, '_', ' ') || ' '
    || case when d.field_name = 'tax_id' then '...' || right(d.owner_value, 3) else d.owner_value end || ', as ' || d.owner_instance
    || ' says for ' || d.owner_role as expected_text,
    coalesce(case when d.field_name = 'tax_id' then '...' || right(d.field_value, 3) else d.field_value end, 'nothing') || ' in '
    || d.instance as found_text
from differing as d
inner join canonical.account as a on d.account_key = a.instance || ':' || a.source_id
