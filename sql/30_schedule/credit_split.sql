-- grain:   invoice_line_key
-- owner:   accounting
-- says:    each line of a billed credit memo, split between service already recognised and service still deferred
-- example: -30.00 for 1 to 30 June, credited on 11 June: 10 of 30 days are recognised, -10.00, and -20.00 still deferred
-- Rules. A ratable line is recognised by day up to the day before the credit memo, rounded once, half away from zero; what is left
-- is deferred. Point-in-time and usage lines are recognised whole.
with line as ( -- credit-memo lines in whole minor units, with the days of their service and those that are over
    select
        l.invoice_line_key,
        l.document_key,
        l.document_number,
        l.root_line_key,
        l.currency,
        l.legal_entity_code,
        l.issued_date,
        l.net_amount,
        u.minor_unit,
        cast(sign(l.net_amount) as decimal(38, 0)) as direction,
        cast(abs(cast(l.net_amount as decimal(38, 4))) * 10000 as hugeint) // cast(u.minor_unit * 10000 as hugeint) as units,
        greatest(date_diff('day', l.service_start_date, l.service_end_date) + 1, 1) as full_days,
        case
            when l.revenue_class <> 'ratable' or l.issued_date > l.service_end_date
                then greatest(date_diff('day', l.service_start_date, l.service_end_date) + 1, 1)
            else greatest(date_diff('day', l.service_start_date, l.issued_date), 0)
        end as elapsed_days
    from link.invoice_line as l
    inner join canonical.currency_unit as u on l.currency = u.currency
    where l.is_billed and l.document_kind = 'credit_memo'
),

split as ( -- the recognised part, rounded once
    select
        invoice_line_key, document_key, document_number, root_line_key, currency, legal_entity_code, issued_date, net_amount,
        cast(
            direction * cast((2 * units * elapsed_days + full_days) // (2 * full_days) as decimal(38, 0)) * minor_unit as decimal(20, 4)
        ) as recognised_amount
    from line
)

select
    invoice_line_key, document_key, document_number, root_line_key, currency, legal_entity_code, issued_date, net_amount,
    recognised_amount,
    cast(net_amount - recognised_amount as decimal(20, 4)) as deferred_amount
from split
