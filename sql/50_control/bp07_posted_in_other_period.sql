-- control:  BP07
-- priority: 36
-- severity: medium
-- grain:    cell_id
-- owner:    accounting
-- queue:    accounting
-- says:     document was posted in another accounting period
-- example:  invoice of 31 March posted in April
-- repair:   reclass
select -- both sides of documents posted once, whole, in their own entity, in another period
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'document ' || subject_key || ' belongs to ' || substr(cast(billed_period as varchar), 1, 7) || ', posted in '
    || substr(cast(posted_period as varchar), 1, 7) || ': ' || cell_text || ' demands ' || left_text || ', posted '
    || right_text as reason,
    evidence
from grid.billed_posted_break
where
    document_state = 'live'
    and transactions = 1
    and not is_other_entity
    and is_other_period
    and not is_other_currency
    and posted_total = billed_total
    and posted_net = billed_net
