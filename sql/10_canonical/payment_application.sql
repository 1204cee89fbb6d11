-- grain:  instance, source_id
-- params: as_of
-- owner:  billing operations
-- says:   what a payment settles: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, invoice_source_id, payment_source_id,
        payment_status, payment_amount, currency,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.payment_application
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, invoice_source_id, payment_source_id, payment_status,
    payment_amount, currency
from version
where version_rank = 1 and not is_deleted
