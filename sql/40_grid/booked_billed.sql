-- grain:   root contract line (or unlinked subject), service_start_date, currency, legal_entity_code
-- params:  as_of, invoice_grace_days, booking_grace_days
-- owner:   revenue operations
-- says:    for every contract line and service period, what should have been billed by now and what was
-- example: booked 1,000.00 EUR for March, invoiced 950.00 -> difference 50.00 EUR
with side as ( -- both sides in one shape: what contracts owe by the day ...
    select
        p.root_line_key,
        cast(null as varchar) as unlinked_subject_key,
        p.service_start_date,
        b.currency,
        b.legal_entity_code,
        p.service_end_date,
        p.due_date,
        p.activated_date,
        cast(null as date) as issued_date,
        p.net_amount as left_amount,
        cast(0 as decimal(20, 4)) as right_amount,
        p.quantity as expected_quantity,
        cast(0 as decimal(16, 8)) as billed_quantity,
        0 as regular_lines,
        cast(null as varchar) as document_key
    from schedule.billing_period as p
    inner join link.booked_line as b on p.root_line_key = b.contract_line_key
    where p.due_date <= $as_of
    union all -- ... rated usage ...
    select
        p.root_line_key,
        cast(null as varchar) as unlinked_subject_key,
        p.service_start_date,
        b.currency,
        b.legal_entity_code,
        p.service_end_date,
        p.due_date,
        p.activated_date,
        cast(null as date) as issued_date,
        p.net_amount as left_amount,
        cast(0 as decimal(20, 4)) as right_amount,
        p.quantity as expected_quantity,
        cast(0 as decimal(16, 8)) as billed_quantity,
        0 as regular_lines,
        cast(null as varchar) as document_key
    from schedule.usage_period as p
    inner join link.booked_line as b on p.root_line_key = b.contract_line_key
    where p.due_date <= $as_of
    union all -- ... and what documents bill or credit
    select
        l.root_line_key,
        case when l.root_line_key is null then l.unlinked_subject_key end as unlinked_subject_key,
        l.service_start_date,
        l.currency,
        l.legal_entity_code,
        l.service_end_date,
        cast(null as date) as due_date,
        cast(null as date) as activated_date,
        l.issued_date,
        cast(0 as decimal(20, 4)) as left_amount,
        l.net_amount as right_amount,
        cast(0 as decimal(16, 8)) as expected_quantity,
        case when l.document_kind = 'invoice' then l.quantity end as billed_quantity,
        case when l.document_kind = 'invoice' and not l.is_proration then 1 else 0 end as regular_lines,
        l.document_key
    from link.invoice_line as l
    where l.is_billed
),

cell as ( -- one row a cell
    select
        root_line_key,
        unlinked_subject_key,
        service_start_date,
        currency,
        legal_entity_code,
        max(service_end_date) as service_end_date,
        max(due_date) as due_date,
        max(activated_date) as activated_date,
        min(issued_date) as first_issued_date,
        sum(left_amount) as left_amount,
        sum(right_amount) as right_amount,
        sum(expected_quantity) as expected_quantity,
        sum(billed_quantity) as billed_quantity,
        sum(regular_lines) as regular_lines,
        min(document_key) as first_document_key,
        max(document_key) as last_document_key
    from side
    group by root_line_key, unlinked_subject_key, service_start_date, currency, legal_entity_code
),

subscribed as ( -- original lines that billing knows as a subscription line
    select distinct root_line_key from link.contract_line
)

select
    case when c.left_amount <> c.right_amount then sha256(
        'BB|' || coalesce(c.root_line_key, c.unlinked_subject_key) || '|' || cast(c.service_start_date as varchar)
        || '|' || c.currency || '|' || c.legal_entity_code
    ) end as cell_id,
    coalesce(b.subject_key, c.unlinked_subject_key) as subject_key,
    c.root_line_key as contract_line_key,
    b.charge_type,
    s.root_line_key is not null as is_subscribed,
    c.service_start_date,
    c.service_end_date,
    cast(date_trunc('month', c.service_start_date) as date) as period,
    c.currency,
    c.legal_entity_code,
    cast(c.left_amount as decimal(20, 4)) as left_amount,
    cast(c.right_amount as decimal(20, 4)) as right_amount,
    cast(c.left_amount - c.right_amount as decimal(20, 4)) as difference_amount,
    c.due_date,
    coalesce(c.left_amount <> c.right_amount and (
        c.activated_date > w.billing_date - cast(coalesce(g.booking_days, $booking_grace_days) as integer)
        or (
            c.first_document_key is null
            and c.due_date > w.billing_date - cast(coalesce(g.invoice_days, $invoice_grace_days) as integer)
            and (s.root_line_key is not null or b.charge_type = 'one_time')
        )
        or (c.root_line_key is null and c.first_issued_date > w.crm_date) -- billed for a contract that was not read yet
    ), false) as is_in_flight,
    c.expected_quantity,
    c.billed_quantity,
    c.regular_lines,
    case when c.left_amount <> c.right_amount then c.first_document_key end as first_document_key,
    case when c.left_amount <> c.right_amount then c.last_document_key end as last_document_key
from cell as c
cross join canonical.reading_cutoff as w
left join link.booked_line as b on c.root_line_key = b.contract_line_key
left join subscribed as s on c.root_line_key = s.root_line_key
left join policy.grace as g on b.instance = g.instance and c.legal_entity_code = g.legal_entity_code
where (select count(distinct role) from policy.instance where role in ('crm', 'billing')) = 2
