-- grain:  instance, source_id
-- params: as_of
-- owner:  accounting
-- says:   a product's price in one currency and price list: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, product_source_id, currency, unit_price,
        price_list_name, billing_period_months, meter_source_id, is_active,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.price
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, product_source_id, currency, unit_price, price_list_name,
    billing_period_months, meter_source_id, is_active
from version
where version_rank = 1 and not is_deleted
