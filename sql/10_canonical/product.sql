-- grain:  instance, source_id
-- params: as_of
-- owner:  accounting
-- says:   a sellable item in one system: its newest version known on the day, unless the source has deleted it
with repeated as ( -- records that were delivered in several versions up to the day: only they need ranking
    select instance, source_id
    from mapped.product
    where as_of <= $as_of
    group by instance, source_id
    having count(*) > 1
),

version as ( -- their versions, the newest ranked first
    select
        v.instance, v.source_id, v.source_version, v.batch_id, v.as_of, v.is_deleted, v.product_code,
        v.product_name, v.revenue_class, v.is_active, v.tax_class,
        row_number() over (
            partition by v.instance, v.source_id order by v.source_version desc, v.as_of desc, v.batch_id desc
        ) as version_rank
    from mapped.product as v
    inner join repeated as r on v.instance = r.instance and v.source_id = r.source_id
    where v.as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, product_code, product_name, revenue_class, is_active, tax_class
from version
where version_rank = 1 and not is_deleted
union all -- and records with one version
select
    m.instance, m.source_id, m.source_version, m.batch_id, m.as_of, m.product_code, m.product_name, m.revenue_class,
    m.is_active, m.tax_class
from mapped.product as m
left join repeated as r on m.instance = r.instance and m.source_id = r.source_id
where m.as_of <= $as_of and not m.is_deleted and r.source_id is null
