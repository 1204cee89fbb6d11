-- grain:  instance, source_id
-- params: as_of
-- owner:  accounting
-- says:   an account of the chart: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, ledger_account_number,
        ledger_account_name, account_type, account_class, is_active,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.ledger_account
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, ledger_account_number, ledger_account_name, account_type,
    account_class, is_active
from version
where version_rank = 1 and not is_deleted
