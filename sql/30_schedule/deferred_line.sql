-- grain:   invoice_line_key
-- owner:   accounting
-- says:    lines of billed documents whose revenue is put off, with the contract line that they bill
-- example: 310.00 invoiced on 20 January for 20 January to 19 February: all of it is deferred first, January's part too
-- A ratable line whose service ends after the month of its document is deferred. What the ledger has not deferred at all
-- cannot be released: such a document is a break of billed-posted and is left out here.
with deferred as ( -- documents for which the ledger holds any deferred revenue
    select d.document_key
    from link.document as d
    inner join link.posted_transaction as t on d.transaction_key = t.transaction_key
    where d.document_key is not null and t.deferred_revenue_amount <> 0
    union -- by a summary journal
    select document_key from link.summary_share
    where document_key is not null and account_class = 'deferred_revenue' and posted_amount <> 0
)

select
    l.invoice_line_key,
    l.document_key,
    l.root_line_key,
    l.currency,
    l.legal_entity_code,
    l.issued_date,
    l.service_start_date,
    l.service_end_date,
    l.net_amount
from link.invoice_line as l
inner join deferred as d on l.document_key = d.document_key
where
    l.is_billed
    and l.revenue_class = 'ratable'
    and l.net_amount <> 0
    and l.service_end_date >= cast(date_trunc('month', l.issued_date) + interval '1' month as date)
