-- grain:   exception_id, contract_line_key
-- owner:   controllership
-- says:    the contract lines whose terms say what should have been billed in the periods of an exception
-- example: ORD-00056/1 sells 10 x Core platform seat at 40.00 USD a month less 10 %, monthly in advance, from 2026-01-01
with span as ( -- original contract line and periods of each exception
    select
        exception_id,
        contract_line_key,
        min(service_start_date) as first_start_date,
        max(service_start_date) as last_start_date
    from mart.exception_cell
    where contract_line_key is not null
    group by exception_id, contract_line_key
)

select
    s.exception_id,
    b.contract_line_key,
    b.contract_line_source_id as source_id,
    b.line_subject_key,
    b.contract_line_key = b.root_line_key as is_original,
    c.contract_number,
    c.amendment_kind,
    b.activated_date,
    coalesce(p.product_name, l.product_source_id) as product_name,
    b.quantity,
    b.unit_price,
    b.discount_fraction,
    b.currency,
    b.price_period,
    b.charge_type,
    b.billing_frequency,
    b.billing_timing,
    b.billing_anchor,
    b.start_date,
    b.end_date
from span as s
inner join link.booked_line as b on s.contract_line_key = b.root_line_key
inner join canonical.contract_line as l on b.instance = l.instance and b.contract_line_source_id = l.source_id
inner join canonical.contract as c on l.instance = c.instance and l.contract_source_id = c.source_id
left join canonical.product as p on l.instance = p.instance and l.product_source_id = p.source_id
where b.is_counted and b.start_date <= s.last_start_date and (b.end_date >= s.first_start_date or b.contract_line_key = b.root_line_key)
