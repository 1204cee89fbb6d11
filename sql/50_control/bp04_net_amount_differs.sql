-- control:  BP04
-- priority: 40
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    accounting
-- says:     posted net amount differs from the document
-- example:  invoice net 100.00, posted net 90.00, receivable 108.00 instead of 120.00
-- repair:   draft adjustment
select -- cells of documents posted once, in their own entity and period, with another net
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'document ' || subject_key || ' demands ' || left_text || ' ' || cell_text || ', posted ' || right_text || remark as reason,
    evidence
from grid.billed_posted_break
where
    document_state = 'live'
    and not is_nothing_posted
    and transactions = 1
    and not is_other_entity
    and not is_other_period
    and not is_other_currency
    and unbalanced_transaction_number is null
    and posted_net <> billed_net
