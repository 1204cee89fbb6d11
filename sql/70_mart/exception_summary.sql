-- grain:   exception_id, instance, source_id, description
-- owner:   controllership
-- says:    what summary journals hold for the documents of each billed-posted exception, or have left of their own, class by class
-- example: document counted twice: receivable of US in 2026-03, in the summary: 240.00
with document as ( -- billed-posted exceptions with their documents or unlinked transactions
    select distinct e.exception_id, g.document_key, g.unlinked_transaction_key
    from recon.exception as e
    inner join recon.claim as w
        on e.control_id = w.control_id and e.subject_key = w.subject_key and e.currency is not distinct from w.currency
    inner join grid.billed_posted as g on w.cell_id = g.cell_id
    where w.is_winner
),

numbered as ( -- numbers of summary journals
    select transaction_key, min(transaction_number) as transaction_number
    from link.summary_journal
    group by transaction_key
)

select
    d.exception_id,
    split_part(s.transaction_key, ':', 1) as instance,
    split_part(s.transaction_key, ':', 2) as source_id,
    n.transaction_number as record_number,
    s.posting_date as record_date,
    s.currency,
    cast(sum(s.posted_amount) as decimal(20, 4)) as amount,
    replace(s.account_class, '_', ' ') || ' of ' || s.legal_entity_code || ' in ' || substr(cast(s.period as varchar), 1, 7)
    || case when s.document_key is null then ', left of the summary' else ', in the summary' end as description
from numbered as n
inner join link.summary_share as s on n.transaction_key = s.transaction_key
inner join document as d on coalesce(s.document_key, s.transaction_key) = coalesce(d.document_key, d.unlinked_transaction_key)
group by
    d.exception_id, s.transaction_key, n.transaction_number, s.posting_date, s.currency, s.account_class, s.legal_entity_code, s.period,
    s.document_key is null
