-- grain:   exception_id
-- owner:   revenue operations
-- says:    what a credit note or a further charge would have to say, line by line: billing keeps no draft credit notes
-- example: credit 50.00 EUR net on il_7 of INV-7 (2026-05-01 to 2026-05-31); charge 20.00 EUR for 2026-06-01
with cell as ( -- differing cells of billing's exceptions
    select
        e.exception_id, g.subject_key, g.contract_line_key, g.service_start_date, g.service_end_date, g.currency,
        g.legal_entity_code, g.difference_amount, g.left_text, g.right_text
    from recon.exception as e
    inner join recon.claim as w
        on e.control_id = w.control_id and e.subject_key = w.subject_key and e.currency is not distinct from w.currency
    inner join grid.booked_billed_break as g on w.cell_id = g.cell_id
    where e.leg = 'BB' and w.is_winner
),

line as ( -- the newest billed line of each, which a credit note would name
    select
        c.exception_id, c.service_start_date, c.currency, c.legal_entity_code,
        max(l.issued_date) as issued_date,
        max_by(split_part(l.invoice_line_key, ':', 2) || ' of ' || coalesce(l.document_number, 'a draft'), l.issued_date) as billed_line
    from cell as c
    inner join link.invoice_line as l
        on
            coalesce(c.contract_line_key, c.subject_key) = coalesce(l.root_line_key, l.unlinked_subject_key)
            and c.service_start_date = l.service_start_date and c.currency = l.currency and c.legal_entity_code = l.legal_entity_code
    where l.is_billed and l.net_amount > 0
    group by c.exception_id, c.service_start_date, c.currency, c.legal_entity_code
)

select
    c.exception_id,
    string_agg(
        case when c.difference_amount < 0 then 'credit ' else 'charge ' end || cast(abs(c.difference_amount) as varchar) || ' '
        || c.currency || ' net' || coalesce(' on ' || l.billed_line, '') || ' for ' || cast(c.service_start_date as varchar) || ' to '
        || cast(c.service_end_date as varchar) || ' (owed ' || c.left_text || ', billed ' || c.right_text || ')',
        '; ' order by c.service_start_date, c.currency, c.legal_entity_code
    ) as preview,
    bool_or(c.difference_amount < 0) as is_credit
from cell as c
left join line as l
    on
        c.exception_id = l.exception_id and c.service_start_date = l.service_start_date and c.currency = l.currency
        and c.legal_entity_code = l.legal_entity_code
group by c.exception_id
