-- control: BP01
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    the missing posting of an invoice as an unposted journal
-- example: INV-7 of 119.00: receivable 119.00 to revenue 100.00 and tax 19.00
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
where control_id = 'BP01'
