-- grain:   invoice_line_key, period
-- params:  as_of
-- owner:   accounting
-- says:    what each deferred document line has to release to revenue in each accounting period that is over by the day
-- example: 310.00 invoiced on 20 January for 20 January to 19 February: 120.00 for January (12 of 31 days), 190.00 for February
-- Rules. The release of a deferred line is straight-line by day over its own service term, rounded half away from zero on what is
-- earned up to the end of each month, so that the months sum to the line.
-- The first month is the document's: it also releases what was earned before. A credit memo's line releases by itself, negative.
with line as ( -- deferred lines in whole minor units, with their term in days and the months it takes
    select
        l.invoice_line_key,
        l.document_key,
        l.root_line_key,
        l.currency,
        l.legal_entity_code,
        l.service_start_date,
        l.service_end_date,
        u.minor_unit,
        cast(date_trunc('month', l.issued_date) as date) as first_period,
        cast(sign(l.net_amount) as decimal(38, 0)) as direction,
        cast(abs(cast(l.net_amount as decimal(38, 4))) * 10000 as hugeint) // cast(u.minor_unit * 10000 as hugeint) as net_units,
        date_diff('day', l.service_start_date, l.service_end_date) + 1 as full_days,
        least(
            date_diff('month', l.issued_date, l.service_end_date),
            date_diff('month', l.issued_date, cast($as_of + 1 as date)) - 1
        ) as last_month_number
    from schedule.deferred_line as l
    inner join canonical.currency_unit as u on l.currency = u.currency
),

monthly as ( -- the months that are over by the day
    select
        invoice_line_key, document_key, root_line_key, currency, legal_entity_code, service_start_date, service_end_date, minor_unit,
        first_period, direction, net_units, full_days,
        unnest(generate_series(0, last_month_number)) as month_number
    from line
    where last_month_number >= 0
),

elapsed as ( -- days of each line's term that are over when each month begins, none before the first, and when it ends
    select
        invoice_line_key, document_key, root_line_key, currency, legal_entity_code, service_start_date, service_end_date, minor_unit,
        direction, net_units, full_days,
        cast(first_period + interval '1' month * month_number as date) as period,
        case
            when month_number = 0 then 0
            else
                greatest(least(
                    date_diff('day', service_start_date, cast(first_period + interval '1' month * month_number as date)), full_days
                ), 0)
        end as days_before,
        greatest(least(
            date_diff('day', service_start_date, cast(first_period + interval '1' month * (month_number + 1) as date)), full_days
        ), 0) as days
    from monthly
),

grown as ( -- both rounded once: a month releases by how much it made them grow
    select
        invoice_line_key, document_key, root_line_key, currency, legal_entity_code, service_start_date, service_end_date, minor_unit,
        direction, period,
        (2 * net_units * days + full_days) // (2 * full_days) - (2 * net_units * days_before + full_days) // (2 * full_days) as month_units
    from elapsed
)

select
    invoice_line_key,
    period,
    document_key,
    root_line_key,
    currency,
    legal_entity_code,
    service_start_date,
    service_end_date,
    cast(direction * cast(month_units as decimal(38, 0)) * minor_unit as decimal(20, 4)) as net_amount
from grown
where month_units <> 0
