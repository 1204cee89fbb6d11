-- control:  BP12
-- priority: 10
-- severity: critical
-- grain:    transaction; its cells, if it posts a document, are claimed beside it
-- owner:    accounting
-- queue:    finance_operations
-- says:     journal does not balance within entity and currency
-- example:  debit 120.00, credits 20.00 and 90.00: 10.00 over, finding of -10.00
-- repair:   block close
select -- every transaction whose lines do not add up to zero, with its own amount
    cast(null as varchar) as cell_id,
    b.transaction_number as subject_key,
    'BP' as leg,
    b.legal_entity_code,
    b.currency,
    b.period,
    cast(-b.balance_amount as decimal(20, 4)) as difference_amount,
    'lines of ' || b.transaction_number || ' in ' || b.legal_entity_code || ' add up to ' || cast(b.balance_amount as varchar)
    || ' ' || b.currency || ' instead of zero' as reason,
    '[{"instance":"' || split_part(b.transaction_key, ':', 1) || '","table":"posting","source_id":"'
    || split_part(b.transaction_key, ':', 2) || '"}]' as evidence,
    'the lines of ' || b.transaction_number || ' in ' || b.legal_entity_code || ' add up to 0.00 ' || b.currency as expected_text,
    'they add up to ' || cast(b.balance_amount as varchar) || ' ' || b.currency as found_text
from grid.transaction_balance as b
union all -- the differing cells of the documents that such a transaction posts
select
    cell_id,
    unbalanced_transaction_number as subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'document demands ' || left_text || ' ' || cell_text || ', the unbalanced ' || unbalanced_transaction_number || ' posts '
    || right_text as reason,
    evidence,
    cast(null as varchar) as expected_text,
    cast(null as varchar) as found_text
from grid.billed_posted_break
where unbalanced_transaction_number is not null and transactions = 1
union all -- and the differing cells of contract lines that such a release recognises
select
    cell_id,
    unbalanced_transaction_number as subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    subject_key || ' has ' || left_text || ' to release in ' || period_text || ', the unbalanced '
    || unbalanced_transaction_number || ' releases ' || right_text as reason,
    evidence,
    cast(null as varchar) as expected_text,
    cast(null as varchar) as found_text
from grid.posted_recognised_break
where unbalanced_transaction_number is not null
