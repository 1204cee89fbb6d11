-- grain:  instance, source_id
-- params: as_of
-- owner:  billing operations
-- says:   what billing believes it must bill: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, account_source_id, subscription_status,
        legal_entity_code, currency, start_date, canceled_date, claimed_contract_id,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.subscription
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, account_source_id, subscription_status, legal_entity_code,
    currency, start_date, canceled_date, claimed_contract_id
from version
where version_rank = 1 and not is_deleted
