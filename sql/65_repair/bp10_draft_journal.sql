-- control: BP10
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    the missing posting of a credit memo as an unposted journal
-- example: CN-4 of -119.00: revenue 100.00 and tax 19.00 to receivable 119.00
select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    document_number,
    'missing posting of ' || document_number as memo,
    ledger_account_number,
    debit_amount,
    credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from repair.document_journal
where control_id = 'BP10'
