-- control: BP04
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    the difference between document and posting as an unposted journal
-- example: posted 108.00 instead of 120.00: receivable 12.00 to revenue 10.00 and tax 2.00
select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    document_number,
    'adjustment of ' || document_number as memo,
    ledger_account_number,
    debit_amount,
    credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from repair.document_journal
where control_id = 'BP04'
