-- grain:   exception_id, legal_entity_code, period, currency, account_class
-- owner:   accounting
-- says:    what the ledger lacks (or, negative, holds too much) for the document of each billed-posted exception, class by class
-- example: INV-7 of 119.00 was never posted: receivable 119.00, tax -19.00, revenue -100.00 in DE in March
-- A document that stands in another entity or period has two sets of amounts: one that takes it out there, one that puts it in here.
with dated as ( -- days of transactions that no document is known for
    select transaction_number, min(posting_date) as posting_date
    from link.posted_transaction
    where transaction_number in (select transaction_number from grid.billed_posted_break where document_key is null)
    group by transaction_number
)

select
    e.exception_id,
    e.control_id,
    b.document_key,
    coalesce(i.document_number, b.claimed_document_number) as document_number,
    b.legal_entity_code,
    b.period,
    b.currency,
    b.account_class,
    b.legal_entity_code = b.billed_entity_code and b.period = b.billed_period and b.currency = b.billed_currency as is_home,
    coalesce(i.issued_date, min(t.posting_date)) as document_date,
    min(c.account_source_id) as erp_customer_source_id,
    sum(b.difference_amount) as amount
from recon.exception as e
inner join recon.claim as w
    on e.control_id = w.control_id and e.subject_key = w.subject_key and e.currency is not distinct from w.currency
inner join grid.billed_posted_break as b on w.cell_id = b.cell_id
left join canonical.invoice as i on b.document_key = i.instance || ':' || i.source_id
left join dated as t on b.document_key is null and b.transaction_number = t.transaction_number
left join repair.customer as c on i.instance || ':' || i.account_source_id = c.billing_account_key
where e.leg = 'BP' and w.is_winner
group by
    e.exception_id, e.control_id, b.document_key, i.document_number, b.claimed_document_number, b.legal_entity_code, b.period,
    b.currency, b.account_class, b.billed_entity_code, b.billed_period, b.billed_currency, i.issued_date
having sum(b.difference_amount) <> 0
