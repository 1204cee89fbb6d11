-- grain:   cell_id
-- owner:   controllership
-- says:    every differing cell of every grid with exactly one cause: a control, timing, or unexplained
-- example: cell of 50.00 EUR -> BB04; cell of today's invoice -> timing
with cell as ( -- differing cells of all grids in one shape
    select
        cell_id, 'BB' as leg, subject_key, legal_entity_code, currency, period, 'net' as measure, left_amount, right_amount,
        difference_amount, is_in_flight
    from grid.booked_billed
    where difference_amount <> 0
    union all
    select
        g.cell_id, 'BP' as leg,
        coalesce(i.document_number, d.transaction_number, split_part(coalesce(g.document_key, g.unlinked_transaction_key), ':', 2))
            as subject_key,
        g.legal_entity_code, g.currency, g.period, g.account_class as measure, g.left_amount, g.right_amount, g.difference_amount,
        g.is_in_flight
    from grid.billed_posted as g
    left join canonical.invoice as i on g.document_key = i.instance || ':' || i.source_id
    left join link.document as d on g.unlinked_transaction_key = d.transaction_key
    where g.difference_amount <> 0
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
    case when c.is_in_flight then 'timing' else coalesce(w.control_id, 'unexplained') end as cause,
    case when c.is_in_flight then c.subject_key else coalesce(w.subject_key, c.subject_key) end as cause_subject_key
from cell as c
left join recon.claim as w on c.cell_id = w.cell_id and w.is_winner
