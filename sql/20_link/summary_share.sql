-- grain:   transaction_key, document_key (or none), account_class, legal_entity_code, currency, period
-- owner:   accounting
-- says:    summary journals taken apart: what each holds for each document, and what is left of it that no document explains
-- example: SUM-US-1 posts 350.00: 120.00 and 240.00 are its documents'; -10.00 is left, without a document
-- The parts of a journal add up to it, in every company, period and class. What is left of a day stands on its first journal.
with share as ( -- of documents, class by class
    select
        transaction_key, document_key, group_key, legal_entity_code, currency, period, posting_date, account_class,
        case account_class
            when 'receivable' then receivable_amount when 'tax' then tax_amount when 'deferred_revenue' then deferred_amount
            else revenue_amount
        end as posted_amount
    from (
        select
            transaction_key, document_key, group_key, legal_entity_code, currency, period, posting_date, receivable_amount, tax_amount,
            deferred_amount, revenue_amount, unnest(['receivable', 'tax', 'deferred_revenue', 'revenue']) as account_class
        from link.summary_document
    ) as classed
),

journal as ( -- what journals post, class by class, with the first one of their day
    select
        transaction_key, group_key, legal_entity_code, currency, period, posting_date, account_class,
        case account_class
            when 'receivable' then receivable_amount when 'tax' then tax_amount when 'deferred_revenue' then deferred_amount
            else revenue_amount
        end as posted_amount
    from (
        select
            coalesce(g.transaction_key, p.transaction_key) as transaction_key, p.group_key, p.legal_entity_code, p.currency, p.period,
            p.posting_date, p.receivable_amount, p.tax_amount, p.deferred_amount, p.revenue_amount,
            unnest(['receivable', 'tax', 'deferred_revenue', 'revenue']) as account_class
        from link.summary_placing as p
        left join link.summary_gap as g on p.group_key = g.group_key
    ) as classed
)

select
    transaction_key,
    document_key,
    legal_entity_code,
    currency,
    period,
    posting_date,
    account_class,
    cast(posted_amount as decimal(20, 4)) as posted_amount,
    cast(0 as decimal(20, 4)) as documents_amount
from share
where posted_amount <> 0
union all -- what is left, with what the documents took
select
    transaction_key,
    cast(null as varchar) as document_key,
    legal_entity_code,
    currency,
    period,
    min(posting_date) as posting_date,
    account_class,
    cast(sum(posted_amount) - sum(documents_amount) as decimal(20, 4)) as posted_amount,
    cast(sum(documents_amount) as decimal(20, 4)) as documents_amount
from (
    select
        transaction_key, legal_entity_code, currency, period, posting_date, account_class, posted_amount,
        cast(0 as decimal(20, 4)) as documents_amount
    from journal
    union all
    select
        transaction_key, legal_entity_code, currency, period, posting_date, account_class, cast(0 as decimal(20, 4)) as posted_amount,
        posted_amount as documents_amount
    from share
) as both_sides
group by transaction_key, legal_entity_code, currency, period, account_class
having sum(posted_amount) <> sum(documents_amount)
