-- control:  BB15
-- priority: 36
-- severity: medium
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     proration differs from policy
-- example:  from 15 January on calendar months: 17 of 31 days are 548.39; billed 1,000.00 (whole), or 533.33 (16 of 30, 30/360)
-- repair:   adjust
-- Only partial periods billed with the sold quantity and the agreed discount whose amount is exactly what another convention gives:
-- the whole period, actual days, or 30/360 (every month 30 days). Any other amount is price drift (BB04).
with partial as ( -- partial periods: what their full period is worth, and both day counts of the full and of the served part
    select
        p.contract_line_key, p.service_start_date, t.discount_numerator, t.discount_denominator,
        cast(s.full_net_amount as decimal(20, 4)) as full_amount,
        date_diff('day', p.full_start_date, p.full_end_date) + 1 as full_days,
        date_diff('day', p.service_start_date, p.service_end_date) + 1 as served_days,
        (year(p.full_end_date + 1) - year(p.full_start_date)) * 360
        + (month(p.full_end_date + 1) - month(p.full_start_date)) * 30
        + least(day(p.full_end_date + 1), 30) - least(day(p.full_start_date), 30) as full_360,
        (year(p.service_end_date + 1) - year(p.service_start_date)) * 360
        + (month(p.service_end_date + 1) - month(p.service_start_date)) * 30
        + least(day(p.service_end_date + 1), 30) - least(day(p.service_start_date), 30) as served_360
    from schedule.service_period as p
    inner join schedule.line_term as t on p.contract_line_key = t.contract_line_key
    inner join schedule.billing_period as s
        on p.contract_line_key = s.contract_line_key and p.service_start_date = s.service_start_date
    where not t.is_one_time and p.share_days > 1 and p.contract_line_key = t.root_line_key
),

discount as ( -- discounts that the lines of a cell were billed with
    select
        root_line_key, service_start_date,
        sum(net_amount) as net_amount,
        sum(discount_amount) as discount_amount
    from link.invoice_line
    where is_billed and document_kind = 'invoice'
    group by root_line_key, service_start_date
)

select
    k.cell_id,
    k.subject_key,
    'BB' as leg,
    k.legal_entity_code,
    k.currency,
    k.period,
    k.difference_amount,
    'contract says ' || k.left_text || ' for ' || cast(p.served_days as varchar) || ' of ' || cast(p.full_days as varchar)
    || ' days, billed ' || k.right_text || ' for the period from ' || cast(k.service_start_date as varchar)
    || case
        when abs(k.right_amount - p.full_amount) <= u.minor_unit then ' as for a whole period'
        else ' by another day count'
    end as reason,
    k.evidence
from grid.booked_billed_break as k
inner join partial as p on k.contract_line_key = p.contract_line_key and k.service_start_date = p.service_start_date
inner join discount as d on k.contract_line_key = d.root_line_key and k.service_start_date = d.service_start_date
inner join canonical.currency_unit as u on k.currency = u.currency
where
    k.is_home and not k.is_ended and k.regular_lines = 1 and k.billed_quantity = k.expected_quantity
    and abs(d.discount_amount * (p.discount_denominator - p.discount_numerator) - d.net_amount * p.discount_numerator)
    <= u.minor_unit * p.discount_denominator
    and (
        abs(k.right_amount - p.full_amount) <= u.minor_unit
        or abs(k.right_amount * p.full_days - p.full_amount * p.served_days) <= u.minor_unit * p.full_days
        or abs(k.right_amount * p.full_360 - p.full_amount * p.served_360) <= u.minor_unit * p.full_360
    )
