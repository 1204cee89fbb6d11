-- control:  BP07
-- priority: 36
-- severity: medium
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     document was posted in another accounting period
-- example:  invoice of 31 March posted in April
-- repair:   reclass
-- Worth what the document's own period misses: what stands in the other one counts 0 in the exception, whatever its amount (in the
-- bridge of that period it stands in full).
select -- both sides of documents posted in another period; in another entity, too, that is the cause (BP06)
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    case when period = billed_period then difference_amount else cast(0 as decimal(20, 4)) end as difference_amount,
    'document ' || subject_key || ' belongs to ' || substr(cast(billed_period as varchar), 1, 7) || ', posted in '
    || substr(cast(posted_period as varchar), 1, 7) || ': ' || cell_text || ' demands ' || left_text || ', posted '
    || right_text || remark as reason,
    evidence
from grid.billed_posted_break
where
    document_state = 'live'
    and (transactions = 1 or abs(posted_total) <= abs(billed_total))
    and is_other_period
    and not is_other_currency
