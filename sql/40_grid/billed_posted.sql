-- grain:   billing document (or unlinked transaction), account class, currency, legal_entity_code, accounting period
-- params:  posting_grace_days
-- owner:   accounting
-- says:    for every billing document, what should stand in the ledger by class of account and what does
-- example: invoice of 120.00 with 20.00 tax for next month: receivable 120.00, tax -20.00, deferred_revenue -100.00
-- All classes of a document are added up in one row and taken apart afterwards; who posts it is looked up where a class differs.
with standing as ( -- transactions that stand for a document or, where it is not known, for themselves
    select d.transaction_key, d.document_key, case when d.document_key is null then d.unlinked_key end as unlinked_transaction_key
    from link.document as d
    left join link.money_posting as m on d.transaction_key = m.transaction_key
    where
        m.money_key is null
        and (
            d.transaction_kind in ('invoice', 'credit_memo')
            or (d.transaction_kind = 'journal' and d.claimed_document_number is not null)
        )
),

posted as ( -- what they post, and what summary journals post for documents and have left
    select
        document_key, unlinked_transaction_key, currency, legal_entity_code, period,
        coalesce(sum(receivable_amount), 0) as receivable_amount,
        coalesce(sum(tax_amount), 0) as tax_amount,
        coalesce(sum(deferred_amount), 0) as deferred_amount,
        coalesce(sum(revenue_amount), 0) as revenue_amount
    from (
        select
            s.document_key, s.unlinked_transaction_key, t.currency, t.legal_entity_code, t.period, t.receivable_amount, t.tax_amount,
            t.deferred_revenue_amount as deferred_amount, t.revenue_amount
        from link.posted_transaction as t
        inner join standing as s on t.transaction_key = s.transaction_key
        where t.transaction_kind in ('invoice', 'credit_memo', 'journal') -- a transaction is of one kind
        union all
        select
            document_key, case when document_key is null then transaction_key end as unlinked_transaction_key, currency,
            legal_entity_code, period,
            case account_class when 'receivable' then posted_amount end as receivable_amount,
            case account_class when 'tax' then posted_amount end as tax_amount,
            case account_class when 'deferred_revenue' then posted_amount end as deferred_amount,
            case account_class when 'revenue' then posted_amount end as revenue_amount
        from link.summary_share
    ) as stood
    group by document_key, unlinked_transaction_key, currency, legal_entity_code, period
),

cell as ( -- both sides beside each other, one row a class
    select
        coalesce(b.document_key, p.document_key) as document_key,
        p.unlinked_transaction_key,
        unnest(['receivable', 'tax', 'deferred_revenue', 'revenue']) as account_class,
        coalesce(b.currency, p.currency) as currency,
        coalesce(b.legal_entity_code, p.legal_entity_code) as legal_entity_code,
        coalesce(b.period, p.period) as period,
        b.finalized_date,
        coalesce(unnest([b.receivable_amount, b.tax_amount, b.deferred_amount, b.revenue_amount]), 0) as left_amount,
        coalesce(unnest([p.receivable_amount, p.tax_amount, p.deferred_amount, p.revenue_amount]), 0) as right_amount
    from grid.document_demand as b
    full outer join posted as p
        on
            b.document_key = p.document_key and b.currency = p.currency and b.legal_entity_code = p.legal_entity_code
            and b.period = p.period
),

differing as ( -- documents and unlinked transactions of which a class differs
    select distinct coalesce(document_key, unlinked_transaction_key) as record_key
    from cell
    where left_amount <> right_amount
),

poster as ( -- who posts these, class by class, and when
    select
        record_key, account_class, currency, legal_entity_code, period,
        min(posting_date) as first_posting_date,
        min(transaction_key) as first_transaction_key, max(transaction_key) as last_transaction_key
    from (
        select
            d.record_key, t.currency, t.legal_entity_code, t.period, t.posting_date, t.transaction_key,
            unnest(['receivable', 'tax', 'deferred_revenue', 'revenue']) as account_class,
            unnest([t.receivable_amount, t.tax_amount, t.deferred_revenue_amount, t.revenue_amount]) as posted_amount
        from standing as s
        inner join differing as d on coalesce(s.document_key, s.unlinked_transaction_key) = d.record_key
        inner join link.posted_transaction as t on s.transaction_key = t.transaction_key
        where t.transaction_kind in ('invoice', 'credit_memo', 'journal')
        union all
        select
            coalesce(document_key, transaction_key) as record_key, currency, legal_entity_code, period, posting_date, transaction_key,
            account_class, posted_amount
        from link.summary_share
    ) as stood
    where posted_amount is not null
    group by record_key, account_class, currency, legal_entity_code, period
),

known as ( -- those that any transaction posts
    select document_key from link.document
    where document_key in (select record_key from differing) and transaction_kind in ('invoice', 'credit_memo', 'journal')
    union
    select document_key from link.summary_document
),

keyed as ( -- cells with the key of what they differ in, if they do
    select
        document_key, unlinked_transaction_key, account_class, currency, legal_entity_code, period, finalized_date, left_amount,
        right_amount, case when left_amount <> right_amount then coalesce(document_key, unlinked_transaction_key) end as differing_key
    from cell
    where left_amount <> 0 or right_amount <> 0
)

select
    case when c.differing_key is not null then sha256(
        'BP|' || c.differing_key || '|' || c.account_class || '|' || c.currency || '|' || c.legal_entity_code || '|'
        || cast(c.period as varchar)
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
        c.differing_key is not null and (
            n.document_key is null and c.finalized_date > w.erp_date - cast(coalesce(g.posting_days, $posting_grace_days) as integer)
            or c.document_key is null and k.first_posting_date > w.billing_date -- posts a document that was not read yet
        ),
        false
    ) as is_in_flight,
    k.first_transaction_key,
    k.last_transaction_key
from keyed as c
cross join canonical.reading_cutoff as w
left join known as n on c.differing_key = n.document_key
left join policy.grace as g on split_part(c.differing_key, ':', 1) = g.instance and c.legal_entity_code = g.legal_entity_code
left join poster as k
    on
        c.differing_key = k.record_key and c.account_class = k.account_class and c.currency = k.currency
        and c.legal_entity_code = k.legal_entity_code and c.period = k.period
where (select count(distinct role) from policy.instance where role in ('billing', 'erp')) = 2
