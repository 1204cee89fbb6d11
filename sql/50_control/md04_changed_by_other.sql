-- control:  MD04
-- priority: 50
-- severity: medium
-- grain:    customer, role of the changed record, field
-- params:   as_of
-- owner:    sales operations
-- queue:    revenue_operations
-- says:     field was changed by a system that may not: it held its owner's value before, and the owner did not change it
-- example:  NetSuite renamed a customer whose name is the CRM's: AC-00012@erp/account_name
-- repair:   revert to owner
-- Claims the same difference as MD03, which knows no history, and wins: who changed a value that was right is asked, not who is behind.
with differing as ( -- values that are not their owner's, where the owner's records agree on one
    select
        v.account_key, v.role, v.instance, v.source_id, v.field_name, v.owner_role, v.field_value, o.field_value as owner_value,
        o.instance as owner_instance, o.source_id as owner_source_id
    from link.account_field as v
    inner join (
        select account_key, field_name, min(field_value) as field_value, min(instance) as instance, min(source_id) as source_id
        from link.account_field
        where role = owner_role and field_value is not null
        group by account_key, field_name
        having count(distinct field_value) = 1
    ) as o on v.account_key = o.account_key and v.field_name = o.field_name
    where v.role <> v.owner_role and v.field_value <> o.field_value
),

version as ( -- what these records said in every version, in the shape of link.account_field
    select
        d.account_key, d.role, d.field_name, d.owner_value, m.as_of, m.source_version,
        case d.field_name
            when 'account_name' then nullif(regexp_replace(trim(m.account_name), '\s+', ' ', 'g'), '')
            when 'tax_id' then nullif(upper(replace(m.tax_id, ' ', '')), '')
            when 'payment_terms' then nullif(upper(trim(m.payment_terms)), '')
            when 'currency' then m.currency
            when 'country_code' then m.country_code
            when 'legal_entity_code' then m.legal_entity_code
        end as field_value
    from differing as d
    inner join mapped.account as m on d.instance = m.instance and d.source_id = m.source_id
    where m.as_of <= $as_of and not m.is_deleted
),

was_right as ( -- when the record last said what its owner says
    select account_key, role, field_name, max(source_version) as right_version, max(as_of) as right_date
    from version
    where field_value = owner_value
    group by account_key, role, field_name
)

select -- tax ids are shown by their last characters only
    'field|' || d.instance || ':' || d.source_id || '|' || d.field_name as cell_id,
    coalesce(a.account_number, a.source_id) || '@' || d.role || '/' || d.field_name as subject_key,
    'MD' as leg,
    a.legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    replace(d.field_name, '_', ' ') || ' belongs to ' || d.owner_role || '; ' || d.role || ' held its value until the reading of '
    || cast(w.right_date as varchar) || ' and says '
    || case when d.field_name = 'tax_id' then '...' || right(d.field_value, 3) else d.field_value end || ' now' as reason,
    '[{"instance":"' || d.owner_instance || '","table":"account","source_id":"' || d.owner_source_id || '"},{"instance":"'
    || d.instance || '","table":"account","source_id":"' || d.source_id || '"}]' as evidence,
    replace(d.field_name, '_', ' ') || ' '
    || case when d.field_name = 'tax_id' then '...' || right(d.owner_value, 3) else d.owner_value end || ', as before' as expected_text,
    case when d.field_name = 'tax_id' then '...' || right(d.field_value, 3) else d.field_value end || ' in ' || d.instance as found_text
from differing as d
inner join was_right as w on d.account_key = w.account_key and d.role = w.role and d.field_name = w.field_name
inner join canonical.account as a on d.account_key = a.instance || ':' || a.source_id
