-- grain:   legal_entity_code, ledger_account_number, period, currency, functional_currency, movement
-- owner:   accounting
-- says:    what the ledger's lines on deferred revenue add up to, a liability positive, by what they are
-- example: US, account 2400, May 2026, USD: billed 1,200.00 by 10 lines, recognised -100.00 by one
select
    coalesce(e.legal_entity_code, 'unknown') as legal_entity_code,
    a.ledger_account_number,
    coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date)) as period,
    p.currency,
    e.currency as functional_currency,
    case
        when p.transaction_kind in ('invoice', 'credit_memo', 'summary') or p.claimed_document_number is not null then 'billed'
        when p.transaction_kind = 'revenue_release' or p.claimed_contract_line_key is not null then 'recognised'
        else 'other'
    end as movement,
    -sum(p.transaction_amount) as amount,
    -sum(p.functional_amount) as functional_amount,
    count(*) as posting_lines
from canonical.posting as p
inner join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
left join canonical.legal_entity as e on p.instance = e.instance and p.subsidiary_source_id = e.source_id
left join canonical.accounting_period as t on p.instance = t.instance and p.accounting_period_source_id = t.source_id
where a.account_class = 'deferred_revenue' and p.is_posted and p.is_primary_book and not p.is_voided
group by
    coalesce(e.legal_entity_code, 'unknown'),
    a.ledger_account_number,
    coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date)),
    p.currency,
    e.currency,
    case
        when p.transaction_kind in ('invoice', 'credit_memo', 'summary') or p.claimed_document_number is not null then 'billed'
        when p.transaction_kind = 'revenue_release' or p.claimed_contract_line_key is not null then 'recognised'
        else 'other'
    end
