-- grain:   exception_id, side, table_name, source_id, service_start_date, record_date, description
-- params:  as_of
-- owner:   controllership
-- says:    the records of both sides behind each grid exception: what was sold, what was billed, what was posted
-- example: price drift of May: contract line 1,000.00 due on 1 May beside the invoice line of 950.00
with cell as ( -- cells that each exception is made of
    select
        e.exception_id,
        w.cell_id,
        w.leg
    from recon.exception as e
    inner join recon.claim as w
        on e.control_id = w.control_id and e.subject_key = w.subject_key and e.currency is not distinct from w.currency
    where w.is_winner
),

sold as ( -- booked-billed cells with their coordinates
    select
        c.exception_id, b.contract_line_key, b.subject_key, b.service_start_date, b.currency, b.legal_entity_code
    from cell as c
    inner join grid.booked_billed_break as b on c.cell_id = b.cell_id
),

document as ( -- billed-posted exceptions with their documents or unlinked transactions
    select distinct
        c.exception_id, g.document_key, g.unlinked_transaction_key
    from cell as c
    inner join grid.billed_posted as g on c.cell_id = g.cell_id
),

due as ( -- periods that contract lines owe by the day
    select contract_line_key, root_line_key, service_start_date, due_date, quantity, net_amount
    from schedule.billing_period
    where due_date <= $as_of
    union all
    select root_line_key as contract_line_key, root_line_key, service_start_date, due_date, quantity, net_amount
    from schedule.usage_period
    where due_date <= $as_of
)

select -- what was sold
    s.exception_id,
    'booked' as side,
    split_part(d.contract_line_key, ':', 1) as instance,
    'contract_line' as table_name,
    b.contract_line_source_id as source_id,
    b.line_subject_key as record_number,
    d.due_date as record_date,
    d.service_start_date,
    s.currency,
    d.quantity,
    b.unit_price,
    d.net_amount as amount,
    'activated' as record_status,
    replace(b.billing_frequency, '_', ' ') || ', in ' || b.billing_timing
    || case
        when
            b.discount_fraction <> 0
            then ', discount ' || cast(cast(b.discount_fraction * 100 as decimal(16, 2)) as varchar) || ' %'
        else ''
    end
        as description
from sold as s
inner join due as d on s.contract_line_key = d.root_line_key and s.service_start_date = d.service_start_date
inner join link.booked_line as b on d.contract_line_key = b.contract_line_key
union all -- what was billed for it
select
    s.exception_id,
    'billed' as side,
    split_part(l.invoice_line_key, ':', 1) as instance,
    'invoice_line' as table_name,
    split_part(l.invoice_line_key, ':', 2) as source_id,
    l.document_number as record_number,
    l.issued_date as record_date,
    l.service_start_date,
    l.currency,
    l.quantity,
    l.unit_price,
    l.net_amount as amount,
    l.document_status as record_status,
    replace(l.document_kind, '_', ' ') || case when l.is_proration then ', proration' else '' end as description
from sold as s
inner join link.invoice_line as l
    on
        coalesce(s.contract_line_key, s.subject_key) = coalesce(l.root_line_key, l.unlinked_subject_key)
        and s.service_start_date = l.service_start_date and s.currency = l.currency and s.legal_entity_code = l.legal_entity_code
where l.is_billed
union all -- documents that should be posted
select
    d.exception_id,
    'billed' as side,
    i.instance,
    'invoice' as table_name,
    i.source_id,
    i.document_number as record_number,
    i.issued_date as record_date,
    cast(null as date) as service_start_date,
    i.currency,
    cast(null as decimal(16, 8)) as quantity,
    cast(null as decimal(16, 8)) as unit_price,
    i.total_amount as amount,
    i.document_status as record_status,
    replace(i.document_kind, '_', ' ')
    || ', net '
    || cast(i.net_amount as varchar)
    || ', tax '
    || cast(i.tax_amount as varchar) as description
from document as d
inner join canonical.invoice as i on d.document_key = i.instance || ':' || i.source_id
union all -- what is posted, by transactions and in summary journals
select
    exception_id, 'posted' as side, instance, 'posting' as table_name, source_id, record_number, record_date,
    cast(null as date) as service_start_date, currency, cast(null as decimal(16, 8)) as quantity,
    cast(null as decimal(16, 8)) as unit_price, amount, 'posted' as record_status, description
from (
    select exception_id, instance, source_id, record_number, record_date, currency, amount, description from mart.exception_posting
    union all
    select exception_id, instance, source_id, record_number, record_date, currency, amount, description from mart.exception_summary
) as posted
