-- grain:   exception_id, instance, source_id, description
-- owner:   controllership
-- says:    what transactions post for the documents of each billed-posted exception, class by class, classes of no leg too
-- example: invoice posted in another entity: receivable of UK in 2026-03, 120.00; tax of UK in 2026-03, -20.00
with document as ( -- billed-posted exceptions with their documents or unlinked transactions
    select distinct e.exception_id, g.document_key, g.unlinked_transaction_key
    from recon.exception as e
    inner join recon.claim as w
        on e.control_id = w.control_id and e.subject_key = w.subject_key and e.currency is not distinct from w.currency
    inner join grid.billed_posted as g on w.cell_id = g.cell_id
    where w.is_winner
),

line as ( -- journal lines of the transactions that stand for them
    select
        d.exception_id,
        p.instance,
        p.transaction_source_id,
        p.transaction_number,
        p.posting_date,
        p.currency,
        p.transaction_amount,
        coalesce(a.account_class, 'other') as account_class, -- an account that the chart does not classify is nobody's
        coalesce(e.legal_entity_code, 'unknown') as legal_entity_code,
        coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date)) as period
    from document as d
    inner join link.document as k
        on coalesce(d.document_key, d.unlinked_transaction_key) = coalesce(k.document_key, k.transaction_key)
    inner join canonical.posting as p on k.transaction_key = p.instance || ':' || p.transaction_source_id
    left join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
    left join canonical.legal_entity as e on p.instance = e.instance and p.subsidiary_source_id = e.source_id
    left join canonical.accounting_period as t on p.instance = t.instance and p.accounting_period_source_id = t.source_id
    where k.transaction_kind in ('invoice', 'credit_memo', 'journal') and p.is_posted and p.is_primary_book and not p.is_voided
)

select
    exception_id,
    instance,
    transaction_source_id as source_id,
    min(transaction_number) as record_number,
    min(posting_date) as record_date,
    currency,
    cast(sum(transaction_amount) as decimal(20, 4)) as amount,
    replace(account_class, '_', ' ') || ' of ' || legal_entity_code || ' in ' || substr(cast(period as varchar), 1, 7) as description
from line
group by exception_id, instance, transaction_source_id, currency, account_class, legal_entity_code, period
