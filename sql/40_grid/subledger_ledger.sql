-- grain:   record of the receivable subledger (or unlinked transaction), currency, legal_entity_code
-- params:  as_of, posting_grace_days
-- owner:   accounting
-- says:    what the open receivable of the day is made of: by billing's documents and money, and on the ledger's control accounts
-- example: INV-7 of 120.00, 100.00 paid: cells of 120.00 and -100.00 on both sides; the sides add up to open items and to account 1100
-- Left adds up to the open amounts that billing states; where an invoice's open amount is not its total less credits and payments,
-- the rest is a cell of its own (part footing); what it got too much stays an open item of the customer. Right adds up to the balance
-- of all receivable accounts, whatever was posted there.
with document as ( -- counted documents; what they state as open where they are invoices
    select
        instance || ':' || source_id as document_key,
        case document_kind
            when 'invoice' then instance || ':' || source_id
            else instance || ':' || credited_invoice_source_id
        end as invoice_key,
        document_kind, coalesce(legal_entity_code, 'unknown') as legal_entity_code, currency, total_amount, open_amount
    from canonical.invoice
    where document_status in ('open', 'paid', 'uncollectible', 'issued') and issued_date <= $as_of
),

settled as ( -- what counted invoices are made of, down to what should be open
    select invoice_key, sum(amount) as amount
    from (
        select invoice_key, total_amount as amount
        from document
        union all
        select document_key as invoice_key, -payment_amount as amount
        from link.money
    ) as part
    group by invoice_key
),

stated as ( -- one row a record of billing: documents ...
    select
        'document' as part, document_key as record_key, currency, legal_entity_code, total_amount as amount,
        cast(null as date) as moved_date
    from document
    union all -- ... its payments and refunds ...
    select 'money' as part, money_key as record_key, currency, legal_entity_code, -payment_amount as amount, paid_date as moved_date
    from link.money
    union all -- ... what an invoice states as open beyond them
    select
        'footing' as part, d.document_key as record_key, d.currency, d.legal_entity_code, d.open_amount - s.amount as amount,
        cast(null as date) as moved_date
    from document as d
    inner join settled as s on d.document_key = s.invoice_key
    where d.document_kind = 'invoice' and d.open_amount <> s.amount and not (d.open_amount = 0 and s.amount < 0)
),

posted as ( -- everything on receivable accounts by the record that it stands for
    select
        part, record_key, currency, legal_entity_code,
        sum(amount) as amount,
        max(moved_date) as moved_date,
        min(transaction_key) as first_transaction_key,
        max(transaction_key) as last_transaction_key
    from (
        select
            case
                when m.money_key is not null then 'money'
                when t.transaction_kind not in ('payment', 'refund') and d.document_key is not null then 'document'
                else 'transaction'
            end as part,
            coalesce(
                m.money_key, case when t.transaction_kind not in ('payment', 'refund') then d.document_key end, d.unlinked_key,
                t.transaction_key
            ) as record_key,
            t.currency, t.legal_entity_code, t.receivable_amount as amount, t.transaction_key, t.posting_date as moved_date
        from link.posted_transaction as t
        left join link.document as d on t.transaction_key = d.transaction_key
        left join link.money_posting as m on t.transaction_key = m.transaction_key
        where t.receivable_amount is not null and t.transaction_kind <> 'summary'
        union all -- summary journals by the documents that they post
        select
            case when document_key is null then 'transaction' else 'document' end as part,
            coalesce(document_key, transaction_key) as record_key,
            currency, legal_entity_code, posted_amount as amount, transaction_key, posting_date as moved_date
        from link.summary_share
        where account_class = 'receivable'
    ) as stood
    group by part, record_key, currency, legal_entity_code
),

cell as ( -- both sides beside each other; money moves on the day that billing knows
    select
        coalesce(l.part, r.part) as part,
        coalesce(l.record_key, r.record_key) as record_key,
        coalesce(l.currency, r.currency) as currency,
        coalesce(l.legal_entity_code, r.legal_entity_code) as legal_entity_code,
        coalesce(l.amount, 0) as left_amount,
        coalesce(r.amount, 0) as right_amount,
        case when r.part = 'transaction' then r.moved_date else l.moved_date end as moved_date,
        r.first_transaction_key,
        r.last_transaction_key
    from stated as l
    full outer join posted as r
        on l.part = r.part and l.record_key = r.record_key and l.currency = r.currency and l.legal_entity_code = r.legal_entity_code
),

young as ( -- documents whose posting is in flight
    select distinct document_key from grid.billed_posted where is_in_flight
),

received as ( -- money that any transaction posts
    select distinct money_key from link.money_posting where money_key is not null
)

select
    case when c.left_amount <> c.right_amount then sha256(
        'SL|' || c.part || '|' || c.record_key || '|' || c.currency || '|' || c.legal_entity_code
    ) end as cell_id,
    c.part,
    c.record_key,
    c.currency,
    c.legal_entity_code,
    cast(date_trunc('month', cast($as_of as date)) as date) as period,
    cast(c.left_amount as decimal(20, 4)) as left_amount,
    cast(c.right_amount as decimal(20, 4)) as right_amount,
    cast(c.left_amount - c.right_amount as decimal(20, 4)) as difference_amount,
    c.left_amount <> c.right_amount and (
        y.document_key is not null
        or (
            c.part = 'money' and p.money_key is null
            and coalesce(c.moved_date > w.erp_date - cast(coalesce(g.posting_days, $posting_grace_days) as integer), false)
        )
        or (c.part = 'transaction' and c.moved_date > w.billing_date)
    ) as is_in_flight,
    case when c.left_amount <> c.right_amount then c.first_transaction_key end as first_transaction_key,
    case when c.left_amount <> c.right_amount then c.last_transaction_key end as last_transaction_key
from cell as c
left join young as y on c.part = 'document' and c.record_key = y.document_key
left join received as p on c.part = 'money' and c.record_key = p.money_key
left join policy.grace as g
    on
        split_part(case when c.left_amount <> c.right_amount then c.record_key end, ':', 1) = g.instance
        and c.legal_entity_code = g.legal_entity_code
cross join canonical.reading_cutoff as w
where
    (c.left_amount <> 0 or c.right_amount <> 0)
    and (select count(distinct role) from policy.instance where role in ('billing', 'erp')) = 2
