-- control:  RR03
-- priority: 28
-- severity: high
-- grain:    cell_id; document and contract line for a deferral that stands on another line, which moves no cell
-- owner:    accounting
-- queue:    finance_operations
-- says:     deferred balance of a contract line is negative, or does not roll forward
-- repair:   investigate
-- example:  310.00 were deferred and released, 50.00 were released once more: the balance of ORD-00001/1 is -50.00
-- More was released than was ever deferred: a wrong month alone is RR01. A deferral on another contract line is worth what the billed
-- line lacks; the line that holds it is named in the reason.
select -- wrong months of lines that gave more than they had
    b.cell_id,
    b.subject_key,
    'RR' as leg,
    b.legal_entity_code,
    b.currency,
    b.period,
    b.difference_amount,
    b.subject_key || ' has ' || b.left_text || ' to release in ' || b.period_text || ', released ' || b.right_text || ': '
    || cast(d.deferred_amount as varchar) || ' ' || b.currency || ' were deferred in all, the balance is '
    || cast(d.balance_amount as varchar) as reason,
    b.evidence,
    cast(null as varchar) as expected_text,
    cast(null as varchar) as found_text
from grid.posted_recognised_break as b
inner join grid.deferred_balance as d
    on b.contract_line_key = d.root_line_key and b.currency = d.currency and b.legal_entity_code = d.legal_entity_code
where
    b.unbalanced_transaction_number is null
    and b.contract_state = 'in force'
    and d.balance_amount < 0
union all -- deferrals that stand on another contract line
select
    cast(null as varchar) as cell_id,
    m.subject_key,
    'RR' as leg,
    m.legal_entity_code,
    m.currency,
    m.period,
    m.difference_amount,
    m.document_number || ' defers ' || cast(m.left_amount as varchar) || ' ' || m.currency || ' for ' || m.subject_key
    || ', posted ' || cast(m.right_amount as varchar) || '; the ledger names ' || m.claimed_key as reason,
    '[{"instance":"' || split_part(m.document_key, ':', 1) || '","table":"invoice","source_id":"'
    || split_part(m.document_key, ':', 2) || '"},{"instance":"' || split_part(m.transaction_key, ':', 1)
    || '","table":"posting","source_id":"' || split_part(m.transaction_key, ':', 2) || '"}]' as evidence,
    cast(m.left_amount as varchar) || ' ' || m.currency || ' of ' || m.document_number || ' are deferred for ' || m.subject_key
        as expected_text,
    cast(m.right_amount as varchar) || ' ' || m.currency || ' are, the ledger names ' || m.claimed_key as found_text
from grid.deferral_misplaced as m
where m.left_amount <> 0 and abs(m.left_amount) > abs(m.right_amount)
