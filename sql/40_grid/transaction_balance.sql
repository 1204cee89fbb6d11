-- grain:   transaction_key, legal_entity_code, currency
-- owner:   accounting
-- says:    what the posted lines of an ERP transaction add up to, where that is not zero
-- example: debit 120.00, credit 100.00 and 10.00 -> 10.00
select
    t.transaction_key,
    t.legal_entity_code,
    t.currency,
    min(t.transaction_number) as transaction_number,
    min(t.period) as period,
    sum(t.balance_amount) as balance_amount
from link.posted_transaction as t
group by t.transaction_key, t.legal_entity_code, t.currency
having sum(t.balance_amount) <> 0
