-- control:  BP01
-- priority: 30
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     invoice was not posted
-- example:  INV-US-000123 of 120.00 USD has no transaction in the ledger
-- repair:   draft journal
select -- cells of live invoices that no transaction posts
    cell_id,
    subject_key,
    'BP' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'invoice ' || subject_key || ' demands ' || left_text || ' ' || cell_text || ', nothing is posted' || remark as reason,
    evidence
from grid.billed_posted_break
where
    document_state = 'live'
    and document_kind = 'invoice'
    and is_nothing_posted
