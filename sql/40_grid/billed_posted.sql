-- grain:   billing document (or unlinked transaction), account class, currency, legal_entity_code, accounting period
-- params:  as_of, posting_grace_days
-- owner:   accounting
-- says:    for every billing document, what should stand in the ledger by class of account and what does
-- example: invoice of 120.00 with 20.00 tax for next month: receivable 120.00, tax -20.00, deferred_revenue -100.00
with line_class as ( -- net of every counted document by the class that its service demands
    select
        document_key,
        coalesce(sum(net_amount) filter (
            where revenue_class = 'ratable'
            and service_end_date >= cast(date_trunc('month', issued_date) + interval '1' month as date)
        ), 0) as deferred_amount,
        sum(net_amount) as net_amount,
        min(legal_entity_code) as legal_entity_code
    from link.invoice_line
    where is_billed
    group by document_key
),

billed as ( -- every counted document with its four expected amounts
    select
        i.instance || ':' || i.source_id as document_key,
        i.currency,
        coalesce(i.legal_entity_code, l.legal_entity_code, 'unknown') as legal_entity_code,
        cast(date_trunc('month', i.issued_date) as date) as period,
        coalesce(cast(i.finalized_at as date), i.issued_date) as finalized_date,
        i.total_amount,
        i.tax_amount,
        coalesce(l.deferred_amount, 0) as deferred_amount,
        coalesce(l.net_amount, 0) - coalesce(l.deferred_amount, 0) as revenue_amount
    from canonical.invoice as i
    left join line_class as l on i.instance || ':' || i.source_id = l.document_key
    where i.document_status in ('open', 'paid', 'uncollectible', 'issued') and i.issued_date <= $as_of
),

side as ( -- both sides in one shape: what documents demand, debit positive ...
    select
        document_key,
        cast(null as varchar) as unlinked_transaction_key,
        account_class,
        currency,
        legal_entity_code,
        period,
        finalized_date,
        cast(null as date) as posting_date,
        case account_class
            when 'receivable' then total_amount
            when 'tax' then -tax_amount
            when 'deferred_revenue' then -deferred_amount
            else -revenue_amount
        end as left_amount,
        cast(0 as decimal(20, 4)) as right_amount,
        cast(null as varchar) as transaction_key
    from (
        select
            document_key, currency, legal_entity_code, period, finalized_date, total_amount, tax_amount, deferred_amount,
            revenue_amount, unnest(['receivable', 'tax', 'deferred_revenue', 'revenue']) as account_class
        from billed
    ) as classed
    union all -- ... and what transactions that stand for a document post
    select
        d.document_key, case when d.document_key is null then d.unlinked_key end as unlinked_transaction_key, t.account_class, t.currency,
        t.legal_entity_code, t.period, cast(null as date) as finalized_date, t.posting_date, cast(0 as decimal(20, 4)) as left_amount,
        t.posted_amount as right_amount, t.transaction_key
    from link.transaction_class as t
    inner join link.document as d on t.transaction_key = d.transaction_key
    left join link.money_posting as m on t.transaction_key = m.transaction_key
    where
        m.money_key is null
        and t.transaction_kind in ('invoice', 'credit_memo', 'journal') -- a transaction is of one kind
        and t.account_class in ('receivable', 'tax', 'deferred_revenue', 'revenue')
        and (
            d.transaction_kind in ('invoice', 'credit_memo')
            or (d.transaction_kind = 'journal' and d.claimed_document_number is not null)
        )
    union all -- ... or what summary journals post for them, and what is left of these
    select
        document_key, case when document_key is null then transaction_key end as unlinked_transaction_key, account_class, currency,
        legal_entity_code, period, cast(null as date) as finalized_date, posting_date, cast(0 as decimal(20, 4)) as left_amount,
        posted_amount as right_amount, transaction_key
    from link.summary_share
),

cell as ( -- one row a cell
    select
        document_key,
        unlinked_transaction_key,
        account_class,
        currency,
        legal_entity_code,
        period,
        max(finalized_date) as finalized_date,
        min(posting_date) as first_posting_date,
        sum(left_amount) as left_amount,
        sum(right_amount) as right_amount,
        min(transaction_key) as first_transaction_key,
        max(transaction_key) as last_transaction_key
    from side
    group by document_key, unlinked_transaction_key, account_class, currency, legal_entity_code, period
),

posted as ( -- documents that any transaction posts
    select document_key from link.document
    where document_key is not null and transaction_kind in ('invoice', 'credit_memo', 'journal')
    union
    select document_key from link.summary_document
)

select
    case when c.left_amount <> c.right_amount then sha256(
        'BP|' || coalesce(c.document_key, c.unlinked_transaction_key) || '|' || c.account_class || '|' || c.currency
        || '|' || c.legal_entity_code || '|' || cast(c.period as varchar)
    ) end as cell_id,
    c.document_key,
    c.unlinked_transaction_key,
    c.account_class,
    c.currency,
    c.legal_entity_code,
    c.period,
    cast(c.left_amount as decimal(20, 4)) as left_amount,
    cast(c.right_amount as decimal(20, 4)) as right_amount,
    cast(c.left_amount - c.right_amount as decimal(20, 4)) as difference_amount,
    coalesce(
        c.left_amount <> c.right_amount and (
            p.document_key is null and c.finalized_date > w.erp_date - cast($posting_grace_days as integer)
            or c.document_key is null and c.first_posting_date > w.billing_date -- posts a document that was not read yet
        ),
        false
    ) as is_in_flight,
    case when c.left_amount <> c.right_amount then c.first_transaction_key end as first_transaction_key,
    case when c.left_amount <> c.right_amount then c.last_transaction_key end as last_transaction_key
from cell as c
cross join canonical.reading_cutoff as w
left join posted as p on c.document_key = p.document_key
where
    (c.left_amount <> 0 or c.right_amount <> 0)
    and (select count(distinct role) from policy.instance where role in ('billing', 'erp')) = 2
