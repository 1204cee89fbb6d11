-- grain:  instance, source_id
-- params: as_of
-- owner:  sales operations
-- says:   what was sold: product, quantity, price, dates and how it is billed: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, contract_source_id, line_number,
        product_source_id, quantity, unit_price, discount_fraction, start_date, end_date, billing_frequency,
        billing_timing, billing_anchor, price_period, charge_type, ramp_segment, amends_line_source_id,
        claimed_subscription_line_id,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.contract_line
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, contract_source_id, line_number, product_source_id,
    quantity, unit_price, discount_fraction, start_date, end_date, billing_frequency, billing_timing,
    billing_anchor, price_period, charge_type, ramp_segment, amends_line_source_id, claimed_subscription_line_id
from version
where version_rank = 1 and not is_deleted
