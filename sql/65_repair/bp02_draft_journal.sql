-- control: BP02
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    the reversal of what refers to no known document as an unposted journal
-- example: INV-US-999999 of 119.00 was never issued: 119.00 out of the receivable, revenue and tax back
select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    document_number,
    'reversal of unknown ' || document_number as memo,
    ledger_account_number,
    debit_amount,
    credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from repair.document_journal
where control_id = 'BP02'
