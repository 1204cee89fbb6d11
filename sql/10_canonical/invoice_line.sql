-- grain:  instance, source_id
-- params: as_of
-- owner:  billing operations
-- says:   one line of a billing document, net of its own discounts, without tax: its newest version
--         known on the day, unless the source has deleted it
with repeated as ( -- records that were delivered in several versions up to the day: only they need ranking
    select instance, source_id
    from mapped.invoice_line
    where as_of <= $as_of
    group by instance, source_id
    having count(*) > 1
),

version as ( -- their versions, the newest ranked first
    select
        v.instance, v.source_id, v.source_version, v.batch_id, v.as_of, v.is_deleted, v.invoice_source_id,
        v.subscription_source_id, v.subscription_line_source_id, v.credited_line_source_id,
        v.claimed_contract_line_id, v.product_source_id, v.price_source_id, v.quantity, v.unit_price,
        v.discount_amount, v.net_amount, v.tax_amount, v.currency, v.service_start_date, v.service_end_date,
        v.is_proration,
        row_number() over (
            partition by v.instance, v.source_id order by v.source_version desc, v.as_of desc, v.batch_id desc
        ) as version_rank
    from mapped.invoice_line as v
    inner join repeated as r on v.instance = r.instance and v.source_id = r.source_id
    where v.as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, invoice_source_id, subscription_source_id,
    subscription_line_source_id, credited_line_source_id, claimed_contract_line_id, product_source_id,
    price_source_id, quantity, unit_price, discount_amount, net_amount, tax_amount, currency, service_start_date,
    service_end_date, is_proration
from version
where version_rank = 1 and not is_deleted
union all -- and records with one version
select
    m.instance, m.source_id, m.source_version, m.batch_id, m.as_of, m.invoice_source_id, m.subscription_source_id,
    m.subscription_line_source_id, m.credited_line_source_id, m.claimed_contract_line_id, m.product_source_id,
    m.price_source_id, m.quantity, m.unit_price, m.discount_amount, m.net_amount, m.tax_amount, m.currency,
    m.service_start_date, m.service_end_date, m.is_proration
from mapped.invoice_line as m
left join repeated as r on m.instance = r.instance and m.source_id = r.source_id
where m.as_of <= $as_of and not m.is_deleted and r.source_id is null
