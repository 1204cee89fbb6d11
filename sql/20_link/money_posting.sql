-- grain:   transaction_key
-- owner:   accounting
-- says:    which payment or refund each ERP payment or refund posts: by billing's id, else by invoice, currency and amount
-- example: PMT-1 names inpay_7: linked by external_id; a copy of it under another id names INV-7 and 120.00 EUR: by invoice_and_amount
-- Nothing is taken twice while anything that looks the same is free: transactions by day and key take movements by day and key, one
-- each. What is left over doubles the first of them. Where several looked the same, all of them are named as candidates.
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
        d.transaction_key,
        min(d.transaction_kind) as payment_kind,
        min(d.transaction_number) as transaction_number,
        min(case when d.transaction_kind = 'journal' then d.claimed_document_number else d.claimed_document_id end)
            as claimed_document_id,
        min(d.claimed_document_number) as claimed_document_number,
        min(t.posting_date) as posting_date,
        min(t.currency) as currency,
        coalesce(-sum(t.receivable_amount), 0) as posted_amount
    from link.document as d
    inner join link.posted_transaction as t on d.transaction_key = t.transaction_key
    where
        t.transaction_kind in ('payment', 'refund', 'journal')
        and (
            d.transaction_kind in ('payment', 'refund')
            or (d.transaction_kind = 'journal' and d.claimed_document_number in (select source_id from identified))
        )
    group by d.transaction_key
),

unnamed as ( -- those whose id names no movement, in order among those that look the same
    select
        p.transaction_key, p.payment_kind, p.claimed_document_number, p.currency, p.posted_amount,
        row_number() over (
            partition by p.claimed_document_number, p.payment_kind, p.currency, p.posted_amount
            order by p.posting_date asc, p.transaction_key asc
        ) as alike_rank
    from poster as p
    left join identified as i on p.claimed_document_id = i.source_id
    where i.source_id is null and p.claimed_document_number is not null
),

looked_for as ( -- what they look like
    select distinct claimed_document_number, payment_kind, currency, posted_amount from unnamed
),

alike as ( -- movements that look the same, in order; those that no id names already come first
    select
        m.document_number, m.payment_kind, m.currency, m.payment_amount, m.money_key,
        row_number() over (
            partition by m.document_number, m.payment_kind, m.currency, m.payment_amount
            order by t.source_id is not null asc, m.paid_date asc, m.money_key asc
        ) as alike_rank,
        count(case when t.source_id is null then 1 end) over (
            partition by m.document_number, m.payment_kind, m.currency, m.payment_amount
        ) as free_movements,
        string_agg(m.source_id, ', ') over (
            partition by m.document_number, m.payment_kind, m.currency, m.payment_amount
            order by m.source_id rows between unbounded preceding and unbounded following
        ) as candidates,
        count(*) over (partition by m.document_number, m.payment_kind, m.currency, m.payment_amount) as movements
    from link.money as m
    inner join looked_for as k
        on
            m.document_number = k.claimed_document_number and m.payment_kind = k.payment_kind and m.currency = k.currency
            and m.payment_amount = k.posted_amount
    left join (select distinct claimed_document_id as source_id from poster) as t on m.source_id = t.source_id
)

select
    p.transaction_key,
    p.payment_kind,
    p.transaction_number,
    coalesce(i.money_key, a.money_key) as money_key,
    case when i.money_key is not null then 'external_id' when a.money_key is not null then 'invoice_and_amount' else 'none' end
        as method,
    p.claimed_document_number,
    p.currency,
    cast(p.posted_amount as decimal(20, 4)) as posted_amount,
    case when a.movements > 1 then a.candidates end as candidates
from poster as p
left join identified as i on p.claimed_document_id = i.source_id
left join unnamed as u on p.transaction_key = u.transaction_key
left join alike as a
    on
        u.claimed_document_number = a.document_number and u.payment_kind = a.payment_kind and u.currency = a.currency
        and u.posted_amount = a.payment_amount
        and a.alike_rank = case when u.alike_rank <= a.free_movements then u.alike_rank else 1 end
