-- grain:  instance, source_id
-- params: as_of
-- owner:  sales operations
-- says:   what was sold: product, quantity, price, dates and how it is billed: its newest version
--         known on the day, unless the source has deleted it
with repeated as ( -- records that were delivered in several versions up to the day: only they need ranking
    select instance, source_id
    from mapped.contract_line
    where as_of <= $as_of
    group by instance, source_id
    having count(*) > 1
),

version as ( -- their versions, the newest ranked first
    select
        v.instance, v.source_id, v.source_version, v.batch_id, v.as_of, v.is_deleted, v.contract_source_id,
        v.line_number, v.product_source_id, v.quantity, v.unit_price, v.discount_fraction, v.start_date, v.end_date,
        v.billing_frequency, v.billing_timing, v.billing_anchor, v.price_period, v.charge_type, v.ramp_segment,
        v.amends_line_source_id, v.claimed_subscription_line_id, v.billing_period_months, v.discount_numerator,
        v.discount_denominator, v.discount_start_date, v.discount_end_date, v.service_start_at, v.service_end_at,
        v.usage_model, v.included_quantity, v.package_size, v.minimum_commitment, v.allocated_price,
        row_number() over (
            partition by v.instance, v.source_id order by v.source_version desc, v.as_of desc, v.batch_id desc
        ) as version_rank
    from mapped.contract_line as v
    inner join repeated as r on v.instance = r.instance and v.source_id = r.source_id
    where v.as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, contract_source_id, line_number, product_source_id,
    quantity, unit_price, discount_fraction, start_date, end_date, billing_frequency, billing_timing,
    billing_anchor, price_period, charge_type, ramp_segment, amends_line_source_id, claimed_subscription_line_id,
    billing_period_months, discount_numerator, discount_denominator, discount_start_date, discount_end_date,
    service_start_at, service_end_at, usage_model, included_quantity, package_size, minimum_commitment, allocated_price
from version
where version_rank = 1 and not is_deleted
union all -- and records with one version
select
    m.instance, m.source_id, m.source_version, m.batch_id, m.as_of, m.contract_source_id, m.line_number,
    m.product_source_id, m.quantity, m.unit_price, m.discount_fraction, m.start_date, m.end_date,
    m.billing_frequency, m.billing_timing, m.billing_anchor, m.price_period, m.charge_type, m.ramp_segment,
    m.amends_line_source_id, m.claimed_subscription_line_id, m.billing_period_months, m.discount_numerator,
    m.discount_denominator, m.discount_start_date, m.discount_end_date, m.service_start_at, m.service_end_at,
    m.usage_model, m.included_quantity, m.package_size, m.minimum_commitment, m.allocated_price
from mapped.contract_line as m
left join repeated as r on m.instance = r.instance and m.source_id = r.source_id
where m.as_of <= $as_of and not m.is_deleted and r.source_id is null
