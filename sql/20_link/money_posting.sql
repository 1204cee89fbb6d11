-- grain:   transaction_key
-- owner:   accounting
-- says:    which payment or refund each ERP payment or refund posts: by billing's id, else by invoice, currency and amount
-- example: PMT-1 names inpay_7: linked by external_id; a copy of it under another id names INV-7 and 120.00 EUR: by invoice_and_amount
with identified as ( -- one movement an id, whatever the instance
    select
        source_id,
        min(money_key) as money_key
    from link.money
    group by source_id
    having count(*) = 1
),

poster as ( -- what each ERP payment or refund, or journal that quotes a movement's id, takes from the receivable as money received
    select
        transaction_key,
        min(transaction_kind) as payment_kind,
        min(transaction_number) as transaction_number,
        min(case when transaction_kind = 'journal' then claimed_document_number else claimed_document_id end) as claimed_document_id,
        min(claimed_document_number) as claimed_document_number,
        min(posting_date) as posting_date,
        min(currency) as currency,
        coalesce(-sum(posted_amount) filter (where account_class = 'receivable'), 0) as posted_amount
    from link.transaction_class
    where
        transaction_kind in ('payment', 'refund')
        or (transaction_kind = 'journal' and claimed_document_number in (select source_id from identified))
    group by transaction_key
),

alike as ( -- movements that settle the invoice that the others name, of their kind and amount, nearest in time first
    select
        p.transaction_key,
        m.money_key,
        row_number() over (
            partition by p.transaction_key
            order by abs(date_diff('day', m.paid_date, p.posting_date)) asc nulls last, m.money_key asc
        ) as money_rank
    from poster as p
    left join identified as i on p.claimed_document_id = i.source_id
    inner join link.money as m
        on
            p.claimed_document_number = m.document_number and p.payment_kind = m.payment_kind and p.currency = m.currency
            and p.posted_amount = m.payment_amount
    where i.source_id is null
)

select
    p.transaction_key,
    p.payment_kind,
    p.transaction_number,
    coalesce(i.money_key, a.money_key) as money_key,
    case when i.money_key is not null then 'external_id' when a.money_key is not null then 'invoice_and_amount' else 'none' end
        as method
from poster as p
left join identified as i on p.claimed_document_id = i.source_id
left join alike as a on p.transaction_key = a.transaction_key and a.money_rank = 1
