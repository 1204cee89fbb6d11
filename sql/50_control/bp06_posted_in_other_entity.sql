-- control:  BP06
-- priority: 35
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     document was posted in another legal entity, whole or in part
-- example:  invoice of UK posted in the books of DE
-- repair:   reverse and repost
-- Worth what the document's own entity misses: what stands in the other one counts 0 in the exception, whatever its amount (in the
-- bridge of that entity it stands in full).
select -- both sides of documents posted in another entity
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    case when legal_entity_code = billed_entity_code then difference_amount else cast(0 as decimal(20, 4)) end as difference_amount,
    'document ' || subject_key || ' belongs to ' || billed_entity_code || ', posted in ' || posted_entity_code || ': '
    || cell_text || ' demands ' || left_text || ', posted ' || right_text || remark as reason,
    evidence
from grid.billed_posted_break
where
    document_state = 'live'
    and (transactions = 1 or abs(posted_total) <= abs(billed_total))
    and is_other_entity
    and not is_other_currency
