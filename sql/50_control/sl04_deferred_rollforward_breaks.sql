-- control:  SL04
-- priority: 60
-- severity: high
-- grain:    cell_id
-- owner:    accounting
-- queue:    finance_operations
-- says:     deferred revenue roll-forward breaks: opening + billed - recognised is not closing
-- repair:   investigate
-- needs:    crm, billing, erp
-- example:  a release credits revenue with 120.00 and debits accrued expenses: revenue is right, deferred revenue stays 120.00 too high
-- Only what no other control names: documents are held against the ledger in billed-posted, releases in posted-recognised (where both
-- lines of a release are wrong alike), journals by hand are BP13, payments on the wrong account SL01, unbalanced ones BP12.
with by_hand as ( -- journals that BP13 names
    select distinct subject_key from control.bp13_manual_entry
),

money as ( -- transactions that are wrong on the receivable, too
    select distinct first_transaction_key from grid.subledger_ledger where difference_amount <> 0
)

select
    b.cell_id,
    b.subject_key,
    'SL' as leg,
    b.legal_entity_code,
    b.currency,
    b.period,
    b.difference_amount,
    case b.part
        when 'release'
            then
                b.subject_key || ' has ' || cast(b.left_amount as varchar) || ' ' || b.currency || ' to release in '
                || substr(cast(b.period as varchar), 1, 7) || ', deferred revenue went down by ' || cast(b.right_amount as varchar)
                || ' while revenue is right'
        else
            coalesce(b.transaction_kind, 'transaction') || ' ' || b.subject_key || ' posts ' || cast(b.right_amount as varchar) || ' '
            || b.currency || ' to deferred revenue, which neither a document nor a release explains'
    end as reason,
    b.evidence
from grid.deferred_movement_break as b
left join by_hand as h on b.transaction_number = h.subject_key
left join money as m on b.first_transaction_key = m.first_transaction_key
where
    not b.is_in_flight
    and b.mirrored_cell_id is null
    and b.unbalanced_transaction_number is null
    and (b.part = 'release' or (h.subject_key is null and m.first_transaction_key is null))
