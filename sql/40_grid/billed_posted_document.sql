-- grain:   document_key
-- owner:   accounting
-- says:    the whole of every document that has a differing cell past its grace: both sides' sums, where each stands, what posts it
-- example: INV-7 of UK, billed 120.00 EUR, posted 120.00 EUR in DE: is_other_entity; or 70.00 in UK and 50.00 in DE, which is so too
with whole as ( -- all cells of these documents, the agreeing ones too
    select
        g.document_key,
        coalesce(sum(g.left_amount) filter (where g.account_class = 'receivable'), 0) as billed_total,
        coalesce(sum(g.right_amount) filter (where g.account_class = 'receivable'), 0) as posted_total,
        coalesce(-sum(g.left_amount) filter (where g.account_class in ('revenue', 'deferred_revenue')), 0) as billed_net,
        coalesce(-sum(g.right_amount) filter (where g.account_class in ('revenue', 'deferred_revenue')), 0) as posted_net,
        coalesce(-sum(g.left_amount) filter (where g.account_class = 'tax'), 0) as billed_tax,
        coalesce(-sum(g.right_amount) filter (where g.account_class = 'tax'), 0) as posted_tax,
        min(g.legal_entity_code) filter (where g.left_amount <> 0) as billed_entity_code,
        min(g.legal_entity_code) filter (where g.right_amount <> 0) as posted_entity_code,
        max(g.legal_entity_code) filter (where g.right_amount <> 0) as last_posted_entity_code,
        min(g.period) filter (where g.left_amount <> 0) as billed_period,
        min(g.period) filter (where g.right_amount <> 0) as posted_period,
        max(g.period) filter (where g.right_amount <> 0) as last_posted_period,
        min(g.currency) filter (where g.left_amount <> 0) as billed_currency,
        min(g.currency) filter (where g.right_amount <> 0) as posted_currency,
        max(g.currency) filter (where g.right_amount <> 0) as last_posted_currency
    from grid.billed_posted as g
    inner join (
        select distinct document_key from grid.billed_posted where difference_amount <> 0 and not is_in_flight
    ) as k on g.document_key = k.document_key
    group by g.document_key
),

standing as ( -- transactions that stand for a document, each with how often it does
    select document_key, transaction_key, 1 as times, cast(null as varchar) as summary_number
    from link.document
    where document_key is not null and transaction_kind in ('invoice', 'credit_memo', 'journal')
    union all
    select document_key, transaction_key, times, case when is_summary_elsewhere then transaction_number end as summary_number
    from link.summary_document
),

poster as ( -- how many they are, which, whether one of them does not balance, and the summary that stands elsewhere as a whole
    select
        d.document_key,
        count(distinct d.transaction_key) + max(d.times) - 1 as transactions,
        min(d.summary_number) as summary_number,
        min(d.transaction_key) as first_transaction_key,
        max(d.transaction_key) as last_transaction_key,
        min(b.transaction_number) as unbalanced_transaction_number
    from standing as d
    left join grid.transaction_balance as b on d.transaction_key = b.transaction_key
    group by d.document_key
)

select
    w.document_key,
    w.billed_total,
    w.posted_total,
    w.billed_net,
    w.posted_net,
    w.billed_tax,
    w.posted_tax,
    w.billed_entity_code,
    case when w.posted_entity_code = w.billed_entity_code then w.last_posted_entity_code else w.posted_entity_code end
        as posted_entity_code,
    w.billed_period,
    w.posted_period,
    w.billed_currency,
    w.posted_currency,
    p.transactions,
    p.first_transaction_key,
    p.last_transaction_key,
    p.unbalanced_transaction_number,
    p.summary_number,
    p.document_key is null as is_nothing_posted,
    w.posted_entity_code <> w.billed_entity_code or w.last_posted_entity_code <> w.billed_entity_code as is_other_entity,
    w.posted_period <> w.billed_period and w.posted_period = w.last_posted_period as is_other_period,
    w.posted_currency <> w.billed_currency and w.posted_currency = w.last_posted_currency as is_other_currency
from whole as w
left join poster as p on w.document_key = p.document_key
