-- grain:   transaction_key, legal_entity_code, period, currency
-- owner:   accounting
-- says:    what each ERP transaction posts to the classes of account that are reconciled, in its own currency, in the primary book
-- example: an invoice of 120.00 with 20.00 tax posts receivable 120.00, tax -20.00 and deferred_revenue -100.00; its balance is 0.00
-- A class that the transaction does not touch is empty. An account of no such class counts in the balance alone.
select
    p.instance || ':' || p.transaction_source_id as transaction_key,
    coalesce(e.legal_entity_code, 'unknown') as legal_entity_code,
    coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date)) as period,
    p.currency,
    min(p.transaction_kind) as transaction_kind,
    min(p.transaction_number) as transaction_number,
    min(p.posting_date) as posting_date,
    sum(p.transaction_amount) filter (where a.account_class = 'receivable') as receivable_amount,
    sum(p.transaction_amount) filter (where a.account_class = 'tax') as tax_amount,
    sum(p.transaction_amount) filter (where a.account_class = 'deferred_revenue') as deferred_revenue_amount,
    sum(p.transaction_amount) filter (where a.account_class = 'revenue') as revenue_amount,
    sum(p.transaction_amount) filter (where a.account_class = 'unbilled') as unbilled_amount,
    sum(p.transaction_amount) as balance_amount
from canonical.posting as p
left join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
left join canonical.legal_entity as e on p.instance = e.instance and p.subsidiary_source_id = e.source_id
left join canonical.accounting_period as t on p.instance = t.instance and p.accounting_period_source_id = t.source_id
where p.is_posted and p.is_primary_book and not p.is_voided
group by
    p.instance,
    p.transaction_source_id,
    coalesce(e.legal_entity_code, 'unknown'),
    coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date)),
    p.currency
