-- grain:  instance, source_id
-- params: as_of
-- owner:  sales operations
-- says:   an approved commercial commitment, or an amendment of one: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, contract_number, account_source_id,
        opportunity_source_id, contract_status, legal_entity_code, currency, start_date, end_date, activated_at,
        amends_contract_source_id, amendment_kind, claimed_subscription_id, claimed_billing_status,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.contract
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, contract_number, account_source_id, opportunity_source_id,
    contract_status, legal_entity_code, currency, start_date, end_date, activated_at, amends_contract_source_id,
    amendment_kind, claimed_subscription_id, claimed_billing_status
from version
where version_rank = 1 and not is_deleted
