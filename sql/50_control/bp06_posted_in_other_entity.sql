-- control:  BP06
-- priority: 35
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    accounting
-- says:     document was posted in another legal entity
-- example:  invoice of UK posted in the books of DE
-- repair:   reverse and repost
select -- both sides of documents posted once, whole, in another entity
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'document ' || subject_key || ' belongs to ' || billed_entity_code || ', posted in ' || posted_entity_code || ': '
    || cell_text || ' demands ' || left_text || ', posted ' || right_text as reason,
    evidence
from grid.billed_posted_break
where
    document_state = 'live'
    and transactions = 1
    and is_other_entity
    and not is_other_currency
    and posted_total = billed_total
    and posted_net = billed_net
