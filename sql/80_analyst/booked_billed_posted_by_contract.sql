-- grain:   contract line, currency
-- owner:   controllership
-- says:    what each contract line owes by the day, what was billed for it, and what of that is posted with its documents
-- example: ORD-00056/1: owed 5,000.00, billed 4,750.00, on documents posted 3,800.00
with graded as ( -- owed and billed by contract line
    select
        contract_line_key,
        subject_key,
        currency,
        sum(left_amount) as owed_amount,
        sum(right_amount) as billed_amount
    from grid.booked_billed
    where contract_line_key is not null
    group by contract_line_key, subject_key, currency
),

posted as ( -- net of lines whose document some transaction posts
    select
        l.root_line_key,
        l.currency,
        sum(l.net_amount) as posted_amount
    from link.invoice_line as l
    inner join (
        select document_key from link.document where transaction_kind in ('invoice', 'credit_memo', 'journal')
        union
        select document_key from link.summary_document
    ) as d on l.document_key = d.document_key
    where l.is_billed and l.root_line_key is not null
    group by l.root_line_key, l.currency
)

select
    g.subject_key,
    g.currency,
    g.owed_amount,
    g.billed_amount,
    coalesce(p.posted_amount, 0) as on_posted_documents_amount,
    g.owed_amount - g.billed_amount as unbilled_amount,
    g.billed_amount - coalesce(p.posted_amount, 0) as unposted_amount
from graded as g
left join posted as p on g.contract_line_key = p.root_line_key and g.currency = p.currency
order by g.subject_key asc, g.currency asc
