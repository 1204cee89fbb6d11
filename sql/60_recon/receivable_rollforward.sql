-- grain:   legal_entity_code, period, currency
-- params:  as_of
-- owner:   accounting
-- says:    receivables from opening to closing balance, by billing's documents and money and by the ledger, side by side
-- example: billed 1,200.00 - credited 100.00 - received 900.00 + refunded 0.00 moves open items by 200.00, the ledger moved by 200.00
-- Months are those of billing's documents and money on the left and of the ledger's periods on the right: what billing moved in one
-- month and the ledger in another shows in both and is gone in the closing balances.
with movement as ( -- both sides in one shape, debit positive
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
),

moved as ( -- sums of each month
    select
        legal_entity_code, period, currency,
        coalesce(sum(amount) filter (where not is_ledger and kind = 'billed'), 0) as billed_amount,
        coalesce(sum(amount) filter (where not is_ledger and kind = 'credited'), 0) as credited_amount,
        coalesce(sum(amount) filter (where not is_ledger and kind = 'received'), 0) as received_amount,
        coalesce(sum(amount) filter (where not is_ledger and kind = 'refunded'), 0) as refunded_amount,
        coalesce(sum(amount) filter (where not is_ledger), 0) as moved_amount,
        coalesce(sum(amount) filter (where is_ledger and kind = 'billed'), 0) as posted_billed_amount,
        coalesce(sum(amount) filter (where is_ledger and kind = 'credited'), 0) as posted_credited_amount,
        coalesce(sum(amount) filter (where is_ledger and kind = 'received'), 0) as posted_received_amount,
        coalesce(sum(amount) filter (where is_ledger and kind = 'refunded'), 0) as posted_refunded_amount,
        coalesce(sum(amount) filter (where is_ledger and kind = 'other'), 0) as posted_other_amount,
        coalesce(sum(amount) filter (where is_ledger), 0) as posted_moved_amount
    from movement
    group by legal_entity_code, period, currency
)

select
    legal_entity_code,
    period,
    currency,
    cast(sum(moved_amount) over book - moved_amount as decimal(20, 4)) as opening_amount,
    cast(billed_amount as decimal(20, 4)) as billed_amount,
    cast(credited_amount as decimal(20, 4)) as credited_amount,
    cast(received_amount as decimal(20, 4)) as received_amount,
    cast(refunded_amount as decimal(20, 4)) as refunded_amount,
    cast(sum(moved_amount) over book as decimal(20, 4)) as closing_amount,
    cast(sum(posted_moved_amount) over book - posted_moved_amount as decimal(20, 4)) as posted_opening_amount,
    cast(posted_billed_amount as decimal(20, 4)) as posted_billed_amount,
    cast(posted_credited_amount as decimal(20, 4)) as posted_credited_amount,
    cast(posted_received_amount as decimal(20, 4)) as posted_received_amount,
    cast(posted_refunded_amount as decimal(20, 4)) as posted_refunded_amount,
    cast(posted_other_amount as decimal(20, 4)) as posted_other_amount,
    cast(sum(posted_moved_amount) over book as decimal(20, 4)) as posted_closing_amount,
    cast(sum(moved_amount - posted_moved_amount) over book as decimal(20, 4)) as difference_amount
from moved
window book as (partition by legal_entity_code, currency order by period)
