-- control: BP05
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    the difference in tax as an unposted journal
-- example: 19.00 of tax posted as revenue: 19.00 from revenue to tax
select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    document_number,
    'tax adjustment of ' || document_number as memo,
    ledger_account_number,
    debit_amount,
    credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from repair.document_journal
where control_id = 'BP05'
