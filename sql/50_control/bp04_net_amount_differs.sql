-- control:  BP04
-- priority: 40
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     posted net amount differs from the document
-- example:  invoice net 100.00, posted net 90.00, receivable 108.00 instead of 120.00
-- repair:   draft adjustment
-- Whatever stands in the wrong place is that first (BP06, BP07), and its amount follows from it.
select -- cells of documents with another net, but for those posted too often
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
    and (transactions = 1 or abs(posted_total) <= abs(billed_total))
    and not is_other_currency
    and (unbalanced_transaction_number is null or transactions > 1)
    and posted_net <> billed_net
