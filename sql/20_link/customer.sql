-- grain:   customer_id, field_name
-- owner:   sales operations
-- says:    the golden record of each customer: every field from the system that owns it, with the record it comes from and who differs
-- example: terms of customer sf_main:001A are NET30 by NetSuite customer 2001, their owner; the CRM says NET45
with value as ( -- filled fields of all records of a customer; accounts of the CRM that are one customer stand together
    select
        coalesce(i.customer_id, f.account_key) as customer_id,
        f.field_name,
        f.owner_role,
        f.role,
        f.instance || ':' || f.source_id as record_key,
        f.field_value,
        row_number() over (
            partition by coalesce(i.customer_id, f.account_key), f.field_name
            order by
                coalesce(f.role = f.owner_role, false) desc, f.role = 'crm' desc, f.role = 'erp' desc, a.source_version desc,
                f.instance asc, f.source_id asc
        ) as value_rank
    from link.account_field as f
    inner join canonical.account as a on f.instance = a.instance and f.source_id = a.source_id
    left join identity.customer as i on f.account_key = i.account_key
    where f.field_value is not null
)

select
    v.customer_id,
    v.field_name,
    v.field_value,
    v.record_key,
    v.role as source_role,
    v.owner_role,
    count(*) filter (where o.field_value <> v.field_value) as differing_records,
    string_agg(o.record_key, ', ' order by o.record_key) filter (where o.field_value <> v.field_value) as differing
from value as v
inner join value as o on v.customer_id = o.customer_id and v.field_name = o.field_name
where v.value_rank = 1
group by v.customer_id, v.field_name, v.field_value, v.record_key, v.role, v.owner_role
