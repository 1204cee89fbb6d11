-- control: BP08
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    reclass of account: from the class that holds too much to the one that lacks it, as an unposted journal
-- example: 100.00 of next year posted as revenue: 100.00 from revenue to deferred revenue
select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    document_number,
    'reclass of account of ' || document_number as memo,
    ledger_account_number,
    debit_amount,
    credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from repair.document_journal
where control_id = 'BP08'
