-- grain:   transaction_key, legal_entity_code, currency
-- owner:   accounting
-- says:    what a transaction as a whole is worth, where it posts to an account that the reconciliation controls: journals without a
--          document, and what was entered in a period after its close; nobody asks it of the others
-- example: receivable 120.00, tax -20.00, revenue -100.00: worth 120.00; deferred_revenue 30.00 to revenue -30.00: worth 30.00
-- The receivable if it posts one; else what it moves into or out of the controlled classes; else what it moves between them.
with asked as ( -- transactions whose worth a control may tell
    select transaction_key
    from link.document
    where transaction_kind = 'journal' and claimed_document_number is null
    union distinct
    select p.instance || ':' || p.transaction_source_id as transaction_key
    from canonical.posting as p
    inner join canonical.accounting_period as t on p.instance = t.instance and p.accounting_period_source_id = t.source_id
    where p.is_posted and p.is_primary_book and not p.is_voided and t.period_state = 'closed' and p.created_at > t.closed_at
),

controlled as ( -- what each of them posts to controlled classes
    select
        t.transaction_key,
        t.legal_entity_code,
        t.currency,
        min(t.transaction_number) as transaction_number,
        min(t.period) as period,
        bool_and(t.transaction_kind = 'journal') as is_journal,
        bool_and(t.transaction_kind = 'journal' and d.claimed_document_number is null) as is_unreferenced_journal,
        coalesce(sum(t.posted_amount) filter (where t.account_class = 'receivable'), 0) as receivable_amount,
        sum(t.posted_amount) as net_amount,
        coalesce(sum(t.posted_amount) filter (where t.posted_amount > 0), 0) as debit_amount,
        string_agg(distinct t.account_class, ', ' order by t.account_class) as account_classes
    from (
        select
            transaction_key, legal_entity_code, currency, transaction_number, period, transaction_kind,
            unnest(['receivable', 'tax', 'deferred_revenue', 'revenue', 'unbilled']) as account_class,
            unnest([receivable_amount, tax_amount, deferred_revenue_amount, revenue_amount, unbilled_amount]) as posted_amount
        from link.posted_transaction
        where transaction_key in (select transaction_key from asked)
    ) as t
    left join link.document as d on t.transaction_key = d.transaction_key
    where t.posted_amount <> 0
    group by t.transaction_key, t.legal_entity_code, t.currency
)

select
    transaction_key,
    legal_entity_code,
    currency,
    transaction_number,
    period,
    is_journal,
    is_unreferenced_journal,
    account_classes,
    cast(case
        when receivable_amount <> 0 then receivable_amount
        when net_amount <> 0 then net_amount
        else debit_amount
    end as decimal(20, 4)) as worth_amount
from controlled
