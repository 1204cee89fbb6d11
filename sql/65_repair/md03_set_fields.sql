-- control: MD03
-- action:  set_fields
-- grain:   exception_id, record with another value than its owner's
-- owner:   sales operations
-- says:    the owner's value for every record of a customer that holds another one, where owners agree
-- example: terms are the ERP's, NetSuite says NET30, 001A says NET45: payment_terms of 001A from NET45 to NET30
with owner_says as ( -- the owner's value as its record spells it, where its records agree on one
    select f.account_key, f.field_name, min(f.field_value) as field_value, min(f.instance) as instance, min(f.source_id) as source_id
    from link.account_field as f
    where f.role = f.owner_role and f.field_value is not null
    group by f.account_key, f.field_name
    having count(distinct f.field_value) = 1
),

wrong as ( -- records with another value, and both records' own spelling
    select
        e.exception_id, v.instance, v.source_id, v.field_name, e.subject_key, r.source_version,
        case v.field_name
            when 'account_name' then r.account_name
            when 'tax_id' then r.tax_id
            when 'payment_terms' then r.payment_terms
            when 'legal_entity_code' then r.legal_entity_code
        end as before_value,
        case v.field_name
            when 'account_name' then p.account_name
            when 'tax_id' then p.tax_id
            when 'payment_terms' then p.payment_terms
            when 'legal_entity_code' then p.legal_entity_code
        end as after_value
    from recon.exception as e
    inner join link.account_field as v on e.subject_key like '%@' || v.role || '/' || v.field_name and v.role <> v.owner_role
    inner join owner_says as o on v.account_key = o.account_key and v.field_name = o.field_name
    inner join canonical.account as a
        on
            v.account_key = a.instance || ':' || a.source_id
            and e.subject_key = coalesce(a.account_number, a.source_id) || '@' || v.role || '/' || v.field_name
    inner join canonical.account as r on v.instance = r.instance and v.source_id = r.source_id
    inner join canonical.account as p on o.instance = p.instance and o.source_id = p.source_id
    where e.control_id = 'MD03' and v.field_value is distinct from o.field_value
)

select
    w.exception_id,
    1 as step,
    w.instance,
    'account' as table_name,
    w.source_id,
    w.subject_key as business_key,
    w.source_version,
    w.field_name,
    w.before_value,
    w.after_value
from wrong as w
where w.after_value is not null
