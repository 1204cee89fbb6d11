-- grain:   legal_entity_code, period, currency
-- owner:   accounting
-- says:    receivables from opening to closing balance, by billing's documents and money and by the ledger, side by side
-- example: billed 1,200.00 - credited 100.00 - received 900.00 + refunded 0.00 moves open items by 200.00, the ledger moved by 200.00
-- Months are those of billing's documents and money on the left and of the ledger's periods on the right: what billing moved in one
-- month and the ledger in another shows in both and is gone in the closing balances.
with moved as ( -- sums of each month
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
    from recon.receivable_moved
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
