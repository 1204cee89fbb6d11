-- control:  BP11
-- priority: 15
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     voided or deleted document is still posted
-- example:  INV-US-000123 was voided, its receivable of 120.00 still stands
-- repair:   draft reversal
select -- posted cells of void or deleted documents
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'document ' || subject_key || ' is ' || document_state || ', yet ' || cell_text || ' holds ' || right_text || remark as reason,
    evidence
from grid.billed_posted_break
where
    document_state in ('void', 'deleted')
    and right_amount <> 0
