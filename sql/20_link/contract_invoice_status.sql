-- grain:   contract_key
-- owner:   sales operations
-- says:    what billing says of the invoices that bill an order's lines: the status of the newest, and how far all of them are paid
-- example: ORD-00056: the newest invoice is open, 40.00 of 240.00 are open in all: open, partially paid
with document as ( -- invoices that bill the original lines of each order's lines, each once
    select distinct
        b.contract_key,
        i.instance,
        i.source_id
    from link.booked_line as b
    inner join link.invoice_line as l on b.root_line_key = l.root_line_key and l.is_billed
    inner join canonical.invoice as i on l.document_key = i.instance || ':' || i.source_id
    where i.document_kind = 'invoice'
),

settled as ( -- the last day on which money moved for each
    select document_key, max(paid_date) as paid_date
    from link.money
    where document_key is not null
    group by document_key
)

select
    d.contract_key,
    max_by(i.document_status, cast(i.issued_date as varchar) || i.source_id) as invoice_status,
    case
        when sum(coalesce(i.open_amount, 0)) = 0 then 'paid'
        when sum(coalesce(i.paid_amount, 0)) = 0 then 'unpaid'
        else 'partially paid'
    end as payment_status,
    max(greatest(i.issued_date, coalesce(s.paid_date, i.issued_date))) as changed_on
from document as d
inner join canonical.invoice as i on d.instance = i.instance and d.source_id = i.source_id
left join settled as s on i.instance || ':' || i.source_id = s.document_key
group by d.contract_key
