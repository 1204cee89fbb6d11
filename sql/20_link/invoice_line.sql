-- grain:   invoice_line_key
-- params:  as_of
-- owner:   billing operations
-- says:    each line of a billing document with its document's facts and the contract line that it bills
-- example: a credit-memo line belongs to the contract line of the invoice line that it credits
with root_of_line as ( -- original line of every contract line, by its id alone: that is what billing writes down
    select
        contract_line_source_id,
        min(root_line_key) as root_line_key
    from link.booked_line
    group by contract_line_source_id
),

credited as ( -- what the lines that credit memos take back belong to
    select
        l.instance,
        l.source_id,
        coalesce(s.root_line_key, c.root_line_key) as root_line_key
    from canonical.invoice_line as l
    inner join (
        select distinct instance, credited_line_source_id from canonical.invoice_line where credited_line_source_id is not null
    ) as k on l.instance = k.instance and l.source_id = k.credited_line_source_id
    left join link.contract_line as s on l.instance || ':' || l.subscription_line_source_id = s.subscription_line_key
    left join root_of_line as c on l.claimed_contract_line_id = c.contract_line_source_id
),

owned as ( -- lines with the contract line of their subscription item, else the one written on the line itself, else the credited line's
    select
        l.instance, l.source_id, l.invoice_source_id, l.subscription_source_id, l.credited_line_source_id, l.product_source_id, l.currency,
        l.quantity, l.unit_price, l.discount_amount, l.net_amount, l.service_start_date, l.service_end_date, l.is_proration,
        coalesce(s.root_line_key, c.root_line_key, d.root_line_key) as root_line_key,
        case
            when s.root_line_key is not null then 'subscription_line'
            when c.root_line_key is not null then 'external_id'
            when d.root_line_key is not null then 'credited_line'
        end as method
    from canonical.invoice_line as l
    left join link.contract_line as s on l.instance || ':' || l.subscription_line_source_id = s.subscription_line_key
    left join root_of_line as c on l.claimed_contract_line_id = c.contract_line_source_id
    left join credited as d on l.instance = d.instance and l.credited_line_source_id = d.source_id
)

select
    l.instance || ':' || l.source_id as invoice_line_key,
    l.instance || ':' || l.invoice_source_id as document_key,
    i.document_number,
    i.document_kind,
    i.document_status,
    i.issued_date,
    (i.document_status in ('open', 'paid', 'uncollectible', 'issued') and i.issued_date <= $as_of) as is_billed,
    l.root_line_key,
    case when l.credited_line_source_id is not null then l.instance || ':' || l.credited_line_source_id end as credited_line_key,
    l.method,
    case
        when l.root_line_key is null then coalesce(l.subscription_source_id, i.subscription_source_id, i.document_number)
    end as unlinked_subject_key,
    coalesce(i.legal_entity_code, u.legal_entity_code, b.legal_entity_code, 'unknown') as legal_entity_code,
    l.currency,
    l.quantity,
    l.unit_price,
    l.discount_amount,
    l.net_amount,
    l.service_start_date,
    l.service_end_date,
    l.is_proration,
    coalesce(p.revenue_class, b.revenue_class, 'ratable') as revenue_class
from owned as l
inner join canonical.invoice as i on l.instance = i.instance and l.invoice_source_id = i.source_id
left join link.booked_line as b on l.root_line_key = b.contract_line_key
left join canonical.subscription as u on l.instance = u.instance and l.subscription_source_id = u.source_id
left join link.product as p on l.instance || ':' || l.product_source_id = p.product_key
