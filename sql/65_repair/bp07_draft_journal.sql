-- control: BP07
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    reclass of period: out of the wrong month, then into the right one, as two unposted journals
-- example: invoice of 31 May posted in June: out of June, into May
select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    document_number,
    'reclass of period of ' || document_number as memo,
    ledger_account_number,
    debit_amount,
    credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from repair.document_journal
where control_id = 'BP07'
