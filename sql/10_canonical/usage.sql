-- grain:  instance, source_id
-- params: as_of
-- owner:  billing operations
-- says:   metered quantity of one customer in one window: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, meter_source_id, account_source_id,
        usage_start_date, usage_end_date, quantity,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.usage
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, meter_source_id, account_source_id, usage_start_date,
    usage_end_date, quantity
from version
where version_rank = 1 and not is_deleted
