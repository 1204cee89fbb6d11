-- grain:  instance, source_id
-- params: as_of
-- owner:  accounting
-- says:   one journal line as the ledger holds it: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, transaction_source_id, transaction_number,
        transaction_kind, line_number, subsidiary_source_id, book_source_id, is_primary_book,
        ledger_account_source_id, accounting_period_source_id, account_source_id, posting_date, currency,
        transaction_amount, functional_amount, exchange_rate, is_posted, is_voided, is_tax_line,
        claimed_document_number, claimed_document_id, claimed_contract_line_key, reference, memo,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.posting
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, transaction_source_id, transaction_number,
    transaction_kind, line_number, subsidiary_source_id, book_source_id, is_primary_book, ledger_account_source_id,
    accounting_period_source_id, account_source_id, posting_date, currency, transaction_amount, functional_amount,
    exchange_rate, is_posted, is_voided, is_tax_line, claimed_document_number, claimed_document_id,
    claimed_contract_line_key, reference, memo
from version
where version_rank = 1 and not is_deleted
