-- grain:   customer_id, field_name
-- owner:   sales operations
-- says:    the golden record of each customer: every field from the system that owns it, with the record it comes from and who differs
-- example: terms of customer sf_main:001A are NET30 by NetSuite customer 2001, their owner; the CRM says NET45
with ranked as ( -- filled fields of all records of a customer; accounts of the CRM that are one customer stand together
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
),

differing as ( -- fields of which a record says something else than the owner
    select
        r.customer_id,
        r.field_name,
        count(*) as differing_records,
        string_agg(r.record_key, ', ' order by r.record_key) as differing
    from ranked as r
    inner join ranked as o on r.customer_id = o.customer_id and r.field_name = o.field_name and o.value_rank = 1
    where r.value_rank > 1 and r.field_value <> o.field_value
    group by r.customer_id, r.field_name
)

select
    r.customer_id,
    r.field_name,
    r.field_value,
    r.record_key,
    r.role as source_role,
    r.owner_role,
    coalesce(d.differing_records, 0) as differing_records,
    d.differing
from ranked as r
left join differing as d on r.customer_id = d.customer_id and r.field_name = d.field_name
where r.value_rank = 1
