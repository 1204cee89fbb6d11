-- grain:  instance, source_id
-- params: as_of
-- owner:  sales operations
-- says:   one customer record in one system: its newest version known on the day, unless the source has deleted it
with repeated as ( -- records that were delivered in several versions up to the day: only they need ranking
    select instance, source_id
    from mapped.account
    where as_of <= $as_of
    group by instance, source_id
    having count(*) > 1
),

version as ( -- their versions, the newest ranked first
    select
        v.instance, v.source_id, v.source_version, v.batch_id, v.as_of, v.is_deleted, v.account_number,
        v.account_name, v.tax_id, v.country_code, v.currency, v.payment_terms, v.legal_entity_code,
        v.subsidiary_source_id, v.parent_source_id, v.claimed_crm_account_id, v.claimed_billing_account_id,
        v.claimed_erp_account_id, v.domain, v.address, v.credit_hold,
        row_number() over (
            partition by v.instance, v.source_id order by v.source_version desc, v.as_of desc, v.batch_id desc
        ) as version_rank
    from mapped.account as v
    inner join repeated as r on v.instance = r.instance and v.source_id = r.source_id
    where v.as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, account_number, account_name, tax_id, country_code,
    currency, payment_terms, legal_entity_code, subsidiary_source_id, parent_source_id, claimed_crm_account_id,
    claimed_billing_account_id, claimed_erp_account_id, domain, address, credit_hold
from version
where version_rank = 1 and not is_deleted
union all -- and records with one version
select
    m.instance, m.source_id, m.source_version, m.batch_id, m.as_of, m.account_number, m.account_name, m.tax_id,
    m.country_code, m.currency, m.payment_terms, m.legal_entity_code, m.subsidiary_source_id, m.parent_source_id,
    m.claimed_crm_account_id, m.claimed_billing_account_id, m.claimed_erp_account_id, m.domain, m.address, m.credit_hold
from mapped.account as m
left join repeated as r on m.instance = r.instance and m.source_id = r.source_id
where m.as_of <= $as_of and not m.is_deleted and r.source_id is null
