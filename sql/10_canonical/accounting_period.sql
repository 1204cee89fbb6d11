-- grain:  instance, source_id
-- params: as_of
-- owner:  accounting
-- says:   a period of the ERP's calendar: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, period_name, start_date, end_date,
        period_state, is_adjustment,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.accounting_period
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, period_name, start_date, end_date, period_state,
    is_adjustment
from version
where version_rank = 1 and not is_deleted
