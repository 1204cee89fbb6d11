-- grain:  instance, source_id
-- params: as_of
-- owner:  billing operations
-- says:   a billing document: invoice or credit memo: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, document_kind, document_number,
        document_status, account_source_id, subscription_source_id, credited_invoice_source_id, legal_entity_code,
        currency, issued_date, due_date, net_amount, tax_amount, total_amount, open_amount, paid_amount,
        finalized_at, voided_at,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.invoice
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, document_kind, document_number, document_status,
    account_source_id, subscription_source_id, credited_invoice_source_id, legal_entity_code, currency, issued_date,
    due_date, net_amount, tax_amount, total_amount, open_amount, paid_amount, finalized_at, voided_at
from version
where version_rank = 1 and not is_deleted
