-- grain:  instance, source_id
-- params: as_of
-- owner:  billing operations
-- says:   one product of a subscription: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, subscription_source_id, price_source_id,
        product_source_id, quantity, unit_price, meter_source_id, billing_period_months, current_period_start_date,
        current_period_end_date, claimed_contract_line_id, claimed_contract_line_key,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.subscription_line
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, subscription_source_id, price_source_id,
    product_source_id, quantity, unit_price, meter_source_id, billing_period_months, current_period_start_date,
    current_period_end_date, claimed_contract_line_id, claimed_contract_line_key
from version
where version_rank = 1 and not is_deleted
