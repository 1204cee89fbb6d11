-- grain:   cell_id
-- owner:   data platform
-- says:    cells of booked-billed that miss their contract, or a change of it, only because it is in quarantine, with the record that
--          could not be read
-- example: 608.00 USD billed in March for ORD-00056/1, whose order has a date that is none; or 1,200.00 billed where 1,000.00 is owed,
--          and the order that adds two seats has
with missing as ( -- billed without a contract ...
    select
        b.cell_id,
        min(q.reject_cell_id) as reject_cell_id,
        'its contract' as lacking_text
    from grid.booked_billed_break as b
    inner join link.invoice_line as l
        on
            b.subject_key = l.unlinked_subject_key and b.service_start_date = l.service_start_date and b.currency = l.currency
            and b.legal_entity_code = l.legal_entity_code
    inner join link.quarantined_line as q on l.invoice_line_key = q.invoice_line_key
    where b.contract_line_key is null and l.root_line_key is null and l.is_billed
    group by b.cell_id
    union all -- ... and billed by another contract than can be read, from the day of the change on
    select b.cell_id, min(c.reject_cell_id) as reject_cell_id, 'a change of its contract' as lacking_text
    from grid.booked_billed_break as b
    inner join link.quarantined_change as c on b.contract_line_key = c.root_line_key
    where b.service_end_date >= c.start_date
    group by b.cell_id
)

select
    b.cell_id,
    m.reject_cell_id,
    b.legal_entity_code,
    b.currency,
    b.period,
    b.difference_amount,
    b.right_text,
    b.service_start_date,
    m.lacking_text
from missing as m
inner join grid.booked_billed_break as b on m.cell_id = b.cell_id
