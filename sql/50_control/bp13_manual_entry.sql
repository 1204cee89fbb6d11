-- control:  BP13
-- priority: 50
-- severity: medium
-- grain:    transaction
-- owner:    accounting
-- queue:    finance_operations
-- says:     manual entry on a controlled account
-- repair:   review
-- example:  a journal without any document writes 500.00 off the receivable
-- Controlled are receivable, tax, deferred revenue, revenue and unbilled: what documents and releases post there by themselves. A
-- journal that names a document stands in the grid (BP02, BP03, BP04 ...); a release recognises revenue and is no manual entry.
with release as ( -- journals that name contract lines: what they release is judged line by line in posted-recognised
    select distinct instance || ':' || transaction_source_id as transaction_key
    from canonical.posting
    where claimed_contract_line_key is not null and transaction_kind = 'journal'
)

select -- journals by hand on controlled accounts, with what they are worth as expected (nothing) minus found
    cast(null as varchar) as cell_id,
    t.transaction_number as subject_key,
    'BP' as leg,
    t.legal_entity_code,
    t.currency,
    t.period,
    cast(-t.worth_amount as decimal(20, 4)) as difference_amount,
    'no document demands an entry on ' || t.account_classes || ', the manual journal ' || t.transaction_number || ' posts '
    || cast(t.worth_amount as varchar) || ' ' || t.currency || ' there' as reason,
    '[{"instance":"' || split_part(t.transaction_key, ':', 1) || '","table":"posting","source_id":"'
    || split_part(t.transaction_key, ':', 2) || '"}]' as evidence,
    '0.00 ' || t.currency || ' by hand on ' || t.account_classes || ': only documents and releases post there' as expected_text,
    'the manual journal ' || t.transaction_number || ' posts ' || cast(t.worth_amount as varchar) || ' ' || t.currency
    || ' there' as found_text
from grid.transaction_amount as t
left join release as r on t.transaction_key = r.transaction_key
left join link.document as d on t.transaction_key = d.transaction_key
where
    t.is_unreferenced_journal
    and d.document_key is null
    and r.transaction_key is null
