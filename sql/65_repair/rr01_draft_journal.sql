-- control: RR01
-- action:  draft_journal
-- grain:   exception_id, step, account
-- owner:   accounting
-- says:    the release that is missing (or was too much) as an unposted journal a month, naming the contract line
-- example: ORD-00056/1 lacks 120.00 in June: 120.00 from deferred revenue to revenue
with sided as ( -- both lines of each month's journal
    select
        exception_id, step, instance, legal_entity_code, subsidiary_source_id, currency, posting_date, subject_key,
        deferred_account_number as ledger_account_number, difference_amount as amount
    from repair.release_amount
    where control_id = 'RR01' and is_certain
    union all
    select
        exception_id, step, instance, legal_entity_code, subsidiary_source_id, currency, posting_date, subject_key,
        revenue_account_number as ledger_account_number, -difference_amount as amount
    from repair.release_amount
    where control_id = 'RR01' and is_certain
)

select
    exception_id,
    step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    cast(null as varchar) as document_number,
    'release of ' || subject_key as memo,
    ledger_account_number,
    cast(greatest(amount, 0) as decimal(20, 4)) as debit_amount,
    cast(greatest(-amount, 0) as decimal(20, 4)) as credit_amount,
    cast(null as varchar) as account_source_id,
    subject_key as contract_line_key
from sided
