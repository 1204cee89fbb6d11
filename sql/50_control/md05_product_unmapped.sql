-- control:  MD05
-- priority: 50
-- severity: medium
-- grain:    product that is sold, role of the system where it is wrong
-- params:   as_of
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     a product that is sold is unmapped in a system, inactive, or has another revenue class there
-- example:  CORE-SEAT is sold until December, its NetSuite item is inactive: CORE-SEAT@erp
-- repair:   map
with sold as ( -- products that some running line sells
    select
        p.instance, p.source_id, p.product_code, p.revenue_class,
        min(b.subject_key) as first_subject_key
    from link.booked_line as b
    inner join canonical.contract_line as l on b.instance = l.instance and b.contract_line_source_id = l.source_id
    inner join canonical.product as p on l.instance = p.instance and l.product_source_id = p.source_id
    where b.is_counted and $as_of between b.start_date and b.end_date
    group by p.instance, p.source_id, p.product_code, p.revenue_class
),

role_of as ( -- roles of systems that keep products at all
    select distinct i.role
    from canonical.product as p
    inner join policy.instance as i on p.instance = i.instance
),

record as ( -- all product records with their role
    select p.instance, p.source_id, p.product_code, p.revenue_class, p.is_active, i.role
    from canonical.product as p
    inner join policy.instance as i on p.instance = i.instance
),

wrong as ( -- sold without a record of their code in a system ...
    select
        s.product_code || '@' || r.role as subject_key, s.instance, s.source_id, s.first_subject_key,
        'no product of ' || r.role || ' has the code ' || s.product_code as said,
        'a product ' || s.product_code || ' in ' || r.role as wanted
    from sold as s
    cross join role_of as r
    left join record as o on s.product_code = o.product_code and r.role = o.role
    where o.source_id is null and s.product_code is not null
    union all -- ... without any code ...
    select
        source_id || '@crm' as subject_key, instance, source_id, first_subject_key, 'product ' || source_id || ' has no code' as said,
        'a code of product ' || source_id as wanted
    from sold
    where product_code is null
    union all -- ... with a record that may not be used, or that earns its revenue in another way
    select
        s.product_code || '@' || o.role as subject_key, o.instance, o.source_id, s.first_subject_key,
        case
            when not o.is_active then 'product ' || s.product_code || ' is inactive in ' || o.instance
            else 'product ' || s.product_code || ' is ' || o.revenue_class || ' in ' || o.instance || ', sold as ' || s.revenue_class
        end as said,
        case
            when not o.is_active then 'an active product ' || s.product_code || ' in ' || o.instance
            else s.revenue_class || ' revenue of ' || s.product_code || ', as it is sold'
        end as wanted
    from sold as s
    inner join record as o on s.product_code = o.product_code
    where not o.is_active or o.revenue_class <> s.revenue_class
)

select
    cast(null as varchar) as cell_id,
    subject_key,
    'MD' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    min(said || ', yet ' || first_subject_key || ' sells it') as reason,
    '[{"instance":"' || min(instance) || '","table":"product","source_id":"' || min(source_id) || '"}]' as evidence,
    min(wanted) as expected_text,
    min(said) as found_text
from wrong
group by subject_key
