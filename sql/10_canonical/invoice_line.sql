-- grain:  instance, source_id
-- params: as_of
-- owner:  billing operations
-- says:   one line of a billing document, net of its own discounts, without tax: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, invoice_source_id, subscription_source_id,
        subscription_line_source_id, credited_line_source_id, claimed_contract_line_id, product_source_id,
        price_source_id, quantity, unit_price, discount_amount, net_amount, tax_amount, currency,
        service_start_date, service_end_date, is_proration,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.invoice_line
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, invoice_source_id, subscription_source_id,
    subscription_line_source_id, credited_line_source_id, claimed_contract_line_id, product_source_id,
    price_source_id, quantity, unit_price, discount_amount, net_amount, tax_amount, currency, service_start_date,
    service_end_date, is_proration
from version
where version_rank = 1 and not is_deleted
