-- control:  BP02
-- priority: 20
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     posting refers to no known billing document
-- example:  a CustInvc bears number INV-US-999999, which billing never issued
-- repair:   investigate
select -- cells of transactions that no billing document is linked to
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'transaction ' || subject_key || ' posts ' || right_text || ' ' || cell_text || ', its reference '
    || coalesce(claimed_document_number, 'none') || coalesce(
        ' is that of several documents: ' || candidates, ' is unknown to billing'
    ) || remark as reason,
    evidence
from grid.billed_posted_break
where
    document_state = 'unknown'
