-- control:  RR02
-- priority: 20
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     revenue recognised on a cancelled or not activated contract
-- example:  ORD-00056/1 was cancelled from April; May still releases 100.00
-- repair:   reversal
select -- wrong periods in which nothing of the contract was in force
    cell_id,
    subject_key,
    'RR' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'the contract of ' || subject_key || ' is ' || contract_state || ' in ' || period_text || ': ' || left_text
    || ' to release, released ' || right_text as reason,
    evidence
from grid.posted_recognised_break
where
    unbalanced_transaction_number is null
    and contract_state in ('not activated', 'cancelled')
