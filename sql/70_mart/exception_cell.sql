-- grain:   exception_id, cell_id
-- owner:   controllership
-- says:    the differing cells that each grid exception is made of, with what was expected, what was found and since when it is due
-- example: price drift of ORD-00056/1: May 2026, expected 1,000.00, found 950.00, due 2026-05-01
with won as ( -- cells of every exception
    select
        e.exception_id,
        w.cell_id
    from recon.exception as e
    inner join recon.claim as w
        on e.control_id = w.control_id and e.subject_key = w.subject_key and e.currency is not distinct from w.currency
    where w.is_winner
),

owed as ( -- service period and due day of the cells of booked-billed
    select
        cell_id,
        contract_line_key,
        service_start_date,
        service_end_date,
        due_date
    from grid.booked_billed
    where cell_id is not null
)

select
    w.exception_id,
    c.cell_id,
    c.leg,
    c.measure,
    c.legal_entity_code,
    c.period,
    c.currency,
    cast(c.left_amount + coalesce(s.documents_amount, 0) as decimal(20, 4)) as left_amount,
    cast(c.right_amount + coalesce(s.documents_amount, 0) as decimal(20, 4)) as right_amount,
    c.difference_amount,
    o.contract_line_key,
    o.service_start_date,
    o.service_end_date,
    o.due_date
from won as w
inner join recon.cell_cause as c on w.cell_id = c.cell_id
left join owed as o on c.cell_id = o.cell_id
left join grid.billed_posted_summary as s on c.cell_id = s.cell_id -- of a summary journal the whole journal
