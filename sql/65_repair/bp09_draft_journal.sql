-- control: BP09
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    what stands in the wrong currency taken out, and put in again in the document's own, as two unposted journals
-- example: INV-7 of 120.00 EUR stands as 120.00 GBP: 120.00 GBP out, 120.00 EUR in
-- A wrong rate moves no amount in the document's currency: it stays a task.
select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    document_number,
    'change of currency of ' || document_number as memo,
    ledger_account_number,
    debit_amount,
    credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from repair.document_journal
where control_id = 'BP09'
