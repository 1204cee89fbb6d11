-- grain:   cell_id
-- params:  as_of
-- owner:   revenue operations
-- says:    differing cells that are off by exactly what an amendment (or all amendments of the line together) owes in that period
-- example: 10 seats and 2 more from June: 1,200.00 owed, 1,000.00 billed, the amendment owes 200.00: not applied
with delta as ( -- what each amending order owes in each period of the original lines that it changes
    select
        p.root_line_key,
        p.service_start_date,
        b.contract_key,
        min(b.line_subject_key) as amendment_line_key,
        sum(p.net_amount) as delta_amount
    from schedule.billing_period as p
    inner join link.booked_line as b on p.contract_line_key = b.contract_line_key
    inner join link.booked_line as r on p.root_line_key = r.contract_line_key
    where b.contract_key <> r.contract_key and p.due_date <= $as_of
    group by p.root_line_key, p.service_start_date, b.contract_key
),

candidate as ( -- each by itself, and all together
    select root_line_key, service_start_date, amendment_line_key, delta_amount
    from delta
    union all
    select
        root_line_key, service_start_date,
        string_agg(amendment_line_key, ' and ' order by amendment_line_key) as amendment_line_key,
        sum(delta_amount) as delta_amount
    from delta
    group by root_line_key, service_start_date
    having count(*) > 1
)

select
    g.cell_id,
    min(c.amendment_line_key) as amendment_line_key
from grid.booked_billed as g
inner join candidate as c on g.contract_line_key = c.root_line_key and g.service_start_date = c.service_start_date
inner join link.booked_line as b on g.contract_line_key = b.contract_line_key
inner join canonical.currency_unit as u on g.currency = u.currency
where
    g.difference_amount <> 0 and not g.is_in_flight
    and g.currency = b.currency and g.legal_entity_code = b.legal_entity_code
    and c.delta_amount <> 0
    and abs(g.difference_amount - c.delta_amount) <= u.minor_unit
group by g.cell_id
