-- control:  BP10
-- priority: 30
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     credit memo was not posted
-- example:  CN-US-000045 of -120.00 USD has no transaction in the ledger: the receivable is 120.00 too high
-- repair:   draft journal
select -- cells of issued credit memos that no transaction posts
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'credit memo ' || subject_key || ' demands ' || left_text || ' ' || cell_text || ', nothing is posted' || remark as reason,
    evidence
from grid.billed_posted_break
where
    document_state = 'live'
    and document_kind = 'credit_memo'
    and is_nothing_posted
