-- grain:  instance, source_id
-- params: as_of
-- owner:  sales operations
-- says:   one customer record in one system: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, account_number, account_name, tax_id,
        country_code, currency, payment_terms, legal_entity_code, subsidiary_source_id, parent_source_id,
        claimed_crm_account_id, claimed_billing_account_id, claimed_erp_account_id,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.account
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, account_number, account_name, tax_id, country_code,
    currency, payment_terms, legal_entity_code, subsidiary_source_id, parent_source_id, claimed_crm_account_id,
    claimed_billing_account_id, claimed_erp_account_id
from version
where version_rank = 1 and not is_deleted
