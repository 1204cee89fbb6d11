-- grain:  instance, source_id
-- params: as_of
-- owner:  accounting
-- says:   how many units of quote currency one unit buys on a date: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, currency, quote_currency, effective_date,
        exchange_rate, rate_type,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.fx_rate
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, currency, quote_currency, effective_date, exchange_rate,
    rate_type
from version
where version_rank = 1 and not is_deleted
