-- grain:   document_number
-- owner:   accounting
-- says:    billing documents that nothing posts, with their cause: an exception or still in flight
-- example: INV-US-000123 of 28 October, 120.00 USD, BP01
select
    i.document_number,
    i.document_kind,
    i.legal_entity_code,
    i.issued_date,
    i.currency,
    i.total_amount,
    c.cause
from grid.billed_posted as g
inner join recon.cell_cause as c on g.cell_id = c.cell_id
inner join canonical.invoice as i on g.document_key = i.instance || ':' || i.source_id
left join (
    select document_key from link.document
    union
    select document_key from link.summary_document
) as p on g.document_key = p.document_key
where g.account_class = 'receivable' and g.right_amount = 0 and p.document_key is null
order by i.issued_date asc, i.document_number asc
