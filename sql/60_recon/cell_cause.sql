-- grain:   cell_id
-- owner:   controllership
-- says:    every differing cell of every grid with exactly one cause: a control, timing, an expected exchange difference, or unexplained
-- example: cell of 50.00 EUR -> BB04; cell of today's invoice -> timing
with posted as ( -- differing cells of billed-posted
    select
        cell_id, document_key, unlinked_transaction_key, account_class, legal_entity_code, currency, period, left_amount, right_amount,
        difference_amount, is_in_flight
    from grid.billed_posted
    where difference_amount <> 0
),

numbered as ( -- numbers of their documents
    select
        k.document_key,
        i.document_number
    from canonical.invoice as i
    inner join (select distinct document_key from posted) as k on i.instance || ':' || i.source_id = k.document_key
),

cell as ( -- differing cells of all grids in one shape
    select
        cell_id, 'BB' as leg, subject_key, legal_entity_code, currency, period, 'net' as measure, left_amount, right_amount,
        difference_amount, is_in_flight
    from grid.booked_billed
    where difference_amount <> 0
    union all
    select
        p.cell_id, 'BP' as leg,
        coalesce(n.document_number, d.transaction_number, split_part(coalesce(p.document_key, p.unlinked_transaction_key), ':', 2))
            as subject_key,
        p.legal_entity_code, p.currency, p.period, p.account_class as measure, p.left_amount, p.right_amount, p.difference_amount,
        p.is_in_flight
    from posted as p
    left join numbered as n on p.document_key = n.document_key
    left join link.document as d on p.unlinked_transaction_key = d.transaction_key
    union all
    select
        cell_id, 'RR' as leg, subject_key, legal_entity_code, currency, period, 'revenue' as measure, left_amount, right_amount,
        difference_amount, is_in_flight
    from grid.posted_recognised
    where difference_amount <> 0
    union all
    select
        cell_id, 'SL' as leg, subject_key, legal_entity_code, currency, period, 'open_receivable' as measure, left_amount,
        right_amount, difference_amount, is_in_flight
    from grid.subledger_ledger_break
    union all
    select
        cell_id, 'SL' as leg, subject_key, legal_entity_code, currency, period, 'deferred_revenue' as measure, left_amount,
        right_amount, difference_amount, is_in_flight
    from grid.deferred_movement_break
),

exchanged as ( -- differences of exchange rates, which bring their cause along
    select
        cell_id, subject_key, legal_entity_code, currency, period, left_amount, right_amount, difference_amount, cause
    from grid.exchange_effect
    where difference_amount <> 0
)

select
    c.cell_id,
    c.leg,
    c.subject_key,
    c.legal_entity_code,
    c.currency,
    c.period,
    c.measure,
    c.left_amount,
    c.right_amount,
    c.difference_amount,
    case when c.is_in_flight then 'timing' else coalesce(w.control_id, k.control_id, 'unexplained') end as cause,
    case when c.is_in_flight then c.subject_key else coalesce(w.subject_key, k.subject_key, c.subject_key) end as cause_subject_key
from cell as c
left join recon.claim as w on c.cell_id = w.cell_id and w.is_winner
left join recon.carried as k on c.cell_id = k.cell_id
union all
select
    cell_id, 'SL' as leg, subject_key, legal_entity_code, currency, period, 'foreign_receivable' as measure, left_amount, right_amount,
    difference_amount, cause, subject_key as cause_subject_key
from exchanged
