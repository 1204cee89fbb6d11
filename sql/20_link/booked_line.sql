-- grain:   contract_line_key
-- params:  as_of
-- owner:   revenue operations
-- says:    each contract line with its order's facts and the original line that it changes or continues
-- example: the amendment ORD-00060/1 of ORD-00056/1 has root_line_key and subject_key of ORD-00056/1
with line as ( -- contract lines with the facts of their order
    select
        l.instance,
        l.instance || ':' || l.source_id as contract_line_key,
        l.source_id as contract_line_source_id,
        l.instance || ':' || coalesce(l.amends_line_source_id, l.source_id) as root_line_key,
        l.instance || ':' || l.contract_source_id as contract_key,
        c.contract_number || '/' || l.line_number as line_subject_key,
        (c.contract_status = 'activated' and coalesce(cast(c.activated_at as date), c.start_date) <= $as_of) as is_counted,
        coalesce(cast(c.activated_at as date), c.start_date) as activated_date,
        c.instance || ':' || c.account_source_id as account_key,
        c.currency,
        c.legal_entity_code,
        coalesce(p.revenue_class, 'ratable') as revenue_class,
        l.quantity,
        l.unit_price,
        l.discount_fraction,
        l.start_date,
        l.end_date,
        l.billing_frequency,
        l.billing_timing,
        l.billing_anchor,
        l.price_period,
        l.charge_type,
        l.ramp_segment,
        l.claimed_subscription_line_id,
        l.billing_period_months,
        l.discount_numerator,
        l.discount_denominator,
        l.discount_start_date,
        l.discount_end_date,
        l.service_start_at,
        l.service_end_at,
        l.usage_model,
        l.included_quantity,
        l.package_size,
        l.minimum_commitment
    from canonical.contract_line as l
    inner join canonical.contract as c on l.instance = c.instance and l.contract_source_id = c.source_id
    left join canonical.product as p on l.instance = p.instance and l.product_source_id = p.source_id
)

select
    line.instance,
    line.contract_line_key,
    line.contract_line_source_id,
    coalesce(root.contract_line_key, line.contract_line_key) as root_line_key,
    coalesce(root.line_subject_key, line.line_subject_key) as subject_key,
    coalesce(root.start_date, line.start_date) as root_start_date,
    coalesce(root.currency, line.currency) as currency,
    coalesce(root.legal_entity_code, line.legal_entity_code) as legal_entity_code,
    line.contract_key,
    line.line_subject_key,
    line.is_counted,
    line.activated_date,
    line.account_key,
    line.revenue_class,
    line.quantity,
    line.unit_price,
    line.discount_fraction,
    line.start_date,
    line.end_date,
    line.billing_frequency,
    line.billing_timing,
    line.billing_anchor,
    line.price_period,
    line.charge_type,
    line.ramp_segment,
    line.claimed_subscription_line_id,
    line.billing_period_months,
    line.discount_numerator,
    line.discount_denominator,
    line.discount_start_date,
    line.discount_end_date,
    line.service_start_at,
    line.service_end_at,
    line.usage_model,
    line.included_quantity,
    line.package_size,
    line.minimum_commitment,
    root.service_start_at as root_service_start_at
from line
left join line as root on line.root_line_key = root.contract_line_key
