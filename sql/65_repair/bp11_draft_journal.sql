-- control: BP11
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    the reversal of a document that was voided or deleted as an unposted journal
-- example: INV-7 was voided, 119.00 still stand: reversed
select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    document_number,
    'reversal of voided ' || document_number as memo,
    ledger_account_number,
    debit_amount,
    credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from repair.document_journal
where control_id = 'BP11'
