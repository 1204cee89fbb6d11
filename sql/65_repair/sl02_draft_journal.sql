-- control: SL02
-- action:  draft_journal
-- grain:   exception_id, account
-- owner:   accounting
-- says:    a payment or refund that is not in the ledger, or in it twice, as an unposted journal that quotes its id
-- example: inpay_7 of 120.00 EUR is not posted: 120.00 from receivable to cash
-- Only in the books' own currency: otherwise the rate and the exchange difference are an accountant's to say.
with money as ( -- payments in question with their customer, their open month and both accounts
    select
        e.exception_id, b.instance, e.legal_entity_code, b.subsidiary_source_id, e.currency, e.subject_key,
        least(greatest(m.paid_date, b.start_date), b.end_date) as posting_date,
        e.difference_amount,
        c.ledger_account_number as cash_number,
        r.ledger_account_number as receivable_number,
        k.account_source_id
    from recon.exception as e
    inner join link.money as m on e.subject_key = m.source_id and e.currency = m.currency
    inner join policy.entity as f on e.legal_entity_code = f.legal_entity_code and e.currency = f.currency
    inner join repair.ledger_entity as b
        on e.legal_entity_code = b.legal_entity_code and cast(date_trunc('month', m.paid_date) as date) = b.period and b.is_open
    inner join repair.account as c
        on b.instance = c.instance and e.legal_entity_code = c.legal_entity_code and c.account_class = 'cash'
    inner join repair.account as r
        on b.instance = r.instance and e.legal_entity_code = r.legal_entity_code and r.account_class = 'receivable'
    left join repair.customer as k on m.instance || ':' || m.payer_source_id = k.billing_account_key
    where e.control_id = 'SL02' and c.ledger_account_number is not null and r.ledger_account_number is not null
),

sided as ( -- both lines of each journal
    select
        exception_id, instance, legal_entity_code, subsidiary_source_id, currency, posting_date, subject_key,
        cash_number as ledger_account_number, difference_amount as amount, cast(null as varchar) as account_source_id
    from money
    union all
    select
        exception_id, instance, legal_entity_code, subsidiary_source_id, currency, posting_date, subject_key,
        receivable_number as ledger_account_number, -difference_amount as amount, account_source_id
    from money
)

select
    exception_id,
    1 as step,
    instance,
    legal_entity_code,
    subsidiary_source_id,
    currency,
    posting_date,
    subject_key as document_number,
    'payment ' || subject_key as memo,
    ledger_account_number,
    cast(greatest(amount, 0) as decimal(20, 4)) as debit_amount,
    cast(greatest(-amount, 0) as decimal(20, 4)) as credit_amount,
    account_source_id,
    cast(null as varchar) as contract_line_key
from sided
