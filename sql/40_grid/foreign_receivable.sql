-- grain:   transaction_key, legal_entity_code, currency
-- owner:   accounting
-- says:    what each transaction in another currency than its books' posts to receivables and to exchange differences, in both currencies
-- example: a payment of 100.00 EUR in the books of UK: receivable -100.00 EUR, -86.00 GBP; exchange differences 1.00 GBP
select
    p.instance,
    p.instance || ':' || p.transaction_source_id as transaction_key,
    e.legal_entity_code,
    p.currency,
    e.currency as functional_currency,
    min(p.transaction_kind) as transaction_kind,
    min(p.transaction_number) as transaction_number,
    min(p.posting_date) as posting_date,
    min(coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date))) as period,
    count(*) as line_count,
    min(p.exchange_rate) as used_rate,
    coalesce(sum(p.transaction_amount) filter (where a.account_class = 'receivable'), 0) as transaction_amount,
    coalesce(sum(p.functional_amount) filter (where a.account_class = 'receivable'), 0) as functional_amount,
    coalesce(sum(p.functional_amount) filter (where a.account_class = 'fx'), 0) as fx_amount
from canonical.posting as p
inner join canonical.legal_entity as e on p.instance = e.instance and p.subsidiary_source_id = e.source_id
inner join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
left join canonical.accounting_period as t on p.instance = t.instance and p.accounting_period_source_id = t.source_id
where
    p.is_posted and p.is_primary_book and not p.is_voided
    and p.transaction_kind <> 'revenue_release'
    and p.currency <> e.currency
group by p.instance, p.transaction_source_id, e.legal_entity_code, p.currency, e.currency
