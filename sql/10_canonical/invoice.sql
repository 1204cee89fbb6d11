-- grain:  instance, source_id
-- params: as_of
-- owner:  billing operations
-- says:   a billing document: invoice or credit memo: its newest version known on the day, unless the source has deleted it
with repeated as ( -- records that were delivered in several versions up to the day: only they need ranking
    select instance, source_id
    from mapped.invoice
    where as_of <= $as_of
    group by instance, source_id
    having count(*) > 1
),

version as ( -- their versions, the newest ranked first
    select
        v.instance, v.source_id, v.source_version, v.batch_id, v.as_of, v.is_deleted, v.document_kind,
        v.document_number, v.document_status, v.account_source_id, v.subscription_source_id,
        v.credited_invoice_source_id, v.legal_entity_code, v.currency, v.issued_date, v.due_date, v.net_amount,
        v.tax_amount, v.total_amount, v.open_amount, v.paid_amount, v.finalized_at, v.voided_at,
        v.claimed_ledger_batch,
        row_number() over (
            partition by v.instance, v.source_id order by v.source_version desc, v.as_of desc, v.batch_id desc
        ) as version_rank
    from mapped.invoice as v
    inner join repeated as r on v.instance = r.instance and v.source_id = r.source_id
    where v.as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, document_kind, document_number, document_status,
    account_source_id, subscription_source_id, credited_invoice_source_id, legal_entity_code, currency, issued_date,
    due_date, net_amount, tax_amount, total_amount, open_amount, paid_amount, finalized_at, voided_at,
    claimed_ledger_batch
from version
where version_rank = 1 and not is_deleted
union all -- and records with one version
select
    m.instance, m.source_id, m.source_version, m.batch_id, m.as_of, m.document_kind, m.document_number,
    m.document_status, m.account_source_id, m.subscription_source_id, m.credited_invoice_source_id,
    m.legal_entity_code, m.currency, m.issued_date, m.due_date, m.net_amount, m.tax_amount, m.total_amount,
    m.open_amount, m.paid_amount, m.finalized_at, m.voided_at, m.claimed_ledger_batch
from mapped.invoice as m
left join repeated as r on m.instance = r.instance and m.source_id = r.source_id
where m.as_of <= $as_of and not m.is_deleted and r.source_id is null
