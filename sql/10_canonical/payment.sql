-- grain:  instance, source_id
-- params: as_of
-- owner:  billing operations
-- says:   money in or out: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, payment_kind, payment_status,
        account_source_id, payment_source_id, payment_amount, currency, paid_date,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.payment
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, payment_kind, payment_status, account_source_id,
    payment_source_id, payment_amount, currency, paid_date
from version
where version_rank = 1 and not is_deleted
