-- control: BP06
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    reclass of entity: the posting out of the wrong books, then into the right ones, as two unposted journals
-- example: invoice of UK in the books of DE: reversed in DE, posted in UK
select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    document_number,
    'reclass of entity of ' || document_number as memo,
    ledger_account_number,
    debit_amount,
    credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from repair.document_journal
where control_id = 'BP06'
