-- grain:  instance, source_id
-- params: as_of
-- owner:  sales operations
-- says:   an approved commercial commitment, or an amendment of one: its newest version known on the day, unless the source has deleted it
with repeated as ( -- records that were delivered in several versions up to the day: only they need ranking
    select instance, source_id
    from mapped.contract
    where as_of <= $as_of
    group by instance, source_id
    having count(*) > 1
),

version as ( -- their versions, the newest ranked first
    select
        v.instance, v.source_id, v.source_version, v.batch_id, v.as_of, v.is_deleted, v.contract_number,
        v.account_source_id, v.opportunity_source_id, v.contract_status, v.legal_entity_code, v.currency,
        v.start_date, v.end_date, v.activated_at, v.amends_contract_source_id, v.amendment_kind,
        v.claimed_subscription_id, v.claimed_billing_status, v.claimed_invoice_status, v.claimed_payment_status,
        v.exception_reason,
        row_number() over (
            partition by v.instance, v.source_id order by v.source_version desc, v.as_of desc, v.batch_id desc
        ) as version_rank
    from mapped.contract as v
    inner join repeated as r on v.instance = r.instance and v.source_id = r.source_id
    where v.as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, contract_number, account_source_id, opportunity_source_id,
    contract_status, legal_entity_code, currency, start_date, end_date, activated_at, amends_contract_source_id,
    amendment_kind, claimed_subscription_id, claimed_billing_status, claimed_invoice_status, claimed_payment_status,
    exception_reason
from version
where version_rank = 1 and not is_deleted
union all -- and records with one version
select
    m.instance, m.source_id, m.source_version, m.batch_id, m.as_of, m.contract_number, m.account_source_id,
    m.opportunity_source_id, m.contract_status, m.legal_entity_code, m.currency, m.start_date, m.end_date,
    m.activated_at, m.amends_contract_source_id, m.amendment_kind, m.claimed_subscription_id,
    m.claimed_billing_status, m.claimed_invoice_status, m.claimed_payment_status, m.exception_reason
from mapped.contract as m
left join repeated as r on m.instance = r.instance and m.source_id = r.source_id
where m.as_of <= $as_of and not m.is_deleted and r.source_id is null
