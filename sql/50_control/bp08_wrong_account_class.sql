-- control:  BP08
-- priority: 38
-- severity: medium
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     document was posted to an account of the wrong class
-- repair:   reclass
-- example:  service of next year posted as revenue at once: deferred_revenue misses 100.00, revenue has 100.00 too much
-- Total and tax are right and the transaction balances: only the split over classes is wrong. Worth what is missing in the class
-- that should hold it; the class that holds too much counts 0 in the exception (in the bridge both stand in full).
select -- cells of documents posted in their own entity, period and currency, with the right total and tax
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    case when abs(left_amount) > abs(right_amount) then difference_amount else cast(0 as decimal(20, 4)) end as difference_amount,
    'document ' || subject_key || ' demands ' || left_text || ' ' || cell_text || ', posted ' || right_text
    || ', while its total is right' || remark as reason,
    evidence
from grid.billed_posted_break
where
    document_state = 'live'
    and not is_nothing_posted
    and not is_other_entity
    and not is_other_period
    and not is_other_currency
    and unbalanced_transaction_number is null
    and posted_total = billed_total
    and posted_tax = billed_tax
