-- grain:   legal_entity_code, period, currency, kind, is_ledger
-- params:  as_of
-- owner:   accounting
-- says:    what moved receivables in each month, debit positive: by billing's documents and money, and by the ledger
-- example: US in May 2026: billed 1,200.00 by 10 documents; in the ledger billed 1,080.00 by 9 transactions
with movement as ( -- both sides in one shape
    select
        coalesce(legal_entity_code, 'unknown') as legal_entity_code, cast(date_trunc('month', issued_date) as date) as period, currency,
        case document_kind when 'invoice' then 'billed' else 'credited' end as kind, total_amount as amount, false as is_ledger
    from canonical.invoice
    where document_status in ('open', 'paid', 'uncollectible', 'issued') and issued_date <= $as_of
    union all
    select
        legal_entity_code, cast(date_trunc('month', paid_date) as date) as period, currency,
        case payment_kind when 'payment' then 'received' else 'refunded' end as kind, -payment_amount as amount, false as is_ledger
    from link.money
    union all
    select
        legal_entity_code, period, currency,
        case transaction_kind
            when 'invoice' then 'billed' when 'credit_memo' then 'credited' when 'payment' then 'received' when 'refund' then 'refunded'
            else 'other'
        end as kind,
        receivable_amount as amount, true as is_ledger
    from link.posted_transaction
    where receivable_amount is not null and transaction_kind <> 'summary'
    union all -- summary journals by the documents that they post
    select
        s.legal_entity_code, s.period, s.currency,
        case d.document_kind when 'invoice' then 'billed' when 'credit_memo' then 'credited' else 'other' end as kind,
        s.posted_amount as amount, true as is_ledger
    from link.summary_share as s
    left join link.summary_document as d on s.document_key = d.document_key
    where s.account_class = 'receivable'
)

select
    legal_entity_code,
    period,
    currency,
    kind,
    is_ledger,
    sum(amount) as amount,
    count(*) as movements
from movement
group by legal_entity_code, period, currency, kind, is_ledger
