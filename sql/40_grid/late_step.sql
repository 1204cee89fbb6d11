-- grain:   instance, table_name, source_id
-- params:  invoice_sla_days, posting_sla_days
-- owner:   revenue operations
-- says:    orders whose first invoice, and documents whose posting, came later than agreed
-- example: INV-7 issued on 1 May, posted on 9 May: 8 days where 3 are agreed
with first_due as ( -- of each contract line; a line's periods and invoices are many, so each side is one row before they meet
    select contract_line_key, min(due_date) as due_date
    from schedule.billing_period
    group by contract_line_key
),

first_issued as (
    select root_line_key, min(issued_date) as issued_date
    from link.invoice_line
    where is_billed and root_line_key is not null
    group by root_line_key
),

due as ( -- orders with the day on which their first bill fell due and the day of their first invoice
    select
        b.contract_key, min(c.contract_number) as contract_number, min(b.legal_entity_code) as legal_entity_code,
        greatest(min(p.due_date), min(b.activated_date)) as due_date, min(l.issued_date) as issued_date
    from link.booked_line as b
    inner join canonical.contract as c on b.contract_key = c.instance || ':' || c.source_id
    inner join first_due as p on b.contract_line_key = p.contract_line_key
    inner join first_issued as l on b.contract_line_key = l.root_line_key
    where b.is_counted and b.contract_line_key = b.root_line_key
    group by b.contract_key
),

posted as ( -- documents that agree with the ledger: what differs is told by its own leg
    select
        k.document_key, min(t.posting_date) as posting_date
    from link.document as k
    inner join link.posted_transaction as t on k.transaction_key = t.transaction_key
    left join grid.billed_posted_break as x on k.document_key = x.document_key
    where
        k.document_state = 'live' and k.transaction_kind in ('invoice', 'credit_memo') and x.document_key is null
        and t.transaction_kind in ('invoice', 'credit_memo')
    group by k.document_key
    union all -- in a summary journal
    select d.document_key, d.posting_date
    from link.summary_document as d
    left join grid.billed_posted_break as x on d.document_key = x.document_key
    where d.document_state = 'live' and x.document_key is null
)

select
    split_part(contract_key, ':', 1) as instance, 'contract' as table_name, split_part(contract_key, ':', 2) as source_id,
    contract_number as subject_key, legal_entity_code,
    'first bill due on ' || cast(due_date as varchar) || ', first invoice on ' || cast(issued_date as varchar) || ': '
    || cast(issued_date - due_date as varchar) || ' days where ' || cast($invoice_sla_days as varchar) || ' are agreed' as reason,
    'a first invoice by ' || cast(due_date + cast($invoice_sla_days as integer) as varchar) || ', '
    || cast($invoice_sla_days as varchar) || ' days after the first bill fell due' as wanted,
    'it was issued on ' || cast(issued_date as varchar) as found
from due
where issued_date > due_date + cast($invoice_sla_days as integer)
union all
select
    i.instance, 'invoice' as table_name, i.source_id, i.document_number as subject_key, i.legal_entity_code,
    'issued on ' || cast(i.issued_date as varchar) || ', posted on ' || cast(p.posting_date as varchar) || ': '
    || cast(p.posting_date - i.issued_date as varchar) || ' days where ' || cast($posting_sla_days as varchar)
    || ' are agreed' as reason,
    'a posting by ' || cast(i.issued_date + cast($posting_sla_days as integer) as varchar) || ', '
    || cast($posting_sla_days as varchar) || ' days after the document was issued' as wanted,
    'it was posted on ' || cast(p.posting_date as varchar) as found
from posted as p
inner join canonical.invoice as i on p.document_key = i.instance || ':' || i.source_id
where p.posting_date > i.issued_date + cast($posting_sla_days as integer)
