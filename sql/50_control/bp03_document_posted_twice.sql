-- control:  BP03
-- priority: 25
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     document was posted twice
-- example:  two transactions name INV-US-000123: receivable 240.00 instead of 120.00
-- repair:   draft reversal
select -- cells of documents that several transactions post, too much together
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'document ' || subject_key || ' demands ' || left_text || ' ' || cell_text || ', ' || cast(transactions as varchar)
    || ' transactions post ' || right_text || remark as reason,
    evidence
from grid.billed_posted_break
where
    document_state in ('live', 'void', 'deleted') -- of a void one the posting is the cause (BP11)
    and transactions > 1
    and abs(posted_total) > abs(billed_total)
