-- grain:    transaction_key, account_class, legal_entity_code, currency, period
-- owner:    controllership
-- says:     the parts of summary journals add up to what the journals of their day post, and no document stands in two of them
-- severity: error
with part as ( -- what the journals of each day or batch post ...
    select
        coalesce(g.transaction_key, t.transaction_key) as record_key,
        unnest(['receivable', 'tax', 'deferred_revenue', 'revenue']) as account_class,
        t.legal_entity_code, t.currency, t.period,
        unnest([t.receivable_amount, t.tax_amount, t.deferred_revenue_amount, t.revenue_amount]) as amount
    from link.posted_transaction as t
    inner join link.summary_placing as p
        on
            t.transaction_key = p.transaction_key and t.legal_entity_code = p.legal_entity_code and t.currency = p.currency
            and t.period = p.period
    left join link.summary_gap as g on p.group_key = g.group_key
    where t.transaction_kind = 'summary'
    union all -- ... minus their parts ...
    select transaction_key as record_key, account_class, legal_entity_code, currency, period, -posted_amount as amount
    from link.summary_share
    union all -- ... and documents beyond their first summary
    select
        document_key as record_key, 'document' as account_class, min(legal_entity_code) as legal_entity_code, min(currency) as currency,
        min(period) as period, cast(count(*) - 1 as decimal(20, 4)) as amount
    from link.summary_document
    group by document_key
)

select record_key, account_class, legal_entity_code, currency, period, sum(amount) as missing_amount
from part
group by record_key, account_class, legal_entity_code, currency, period
having sum(amount) <> 0
