-- control:  BB16
-- priority: 9
-- severity: high
-- grain:    cell_id
-- owner:    billing operations
-- queue:    revenue_operations
-- says:     credit memo without an invoice, or above it
-- example:  INV-7 billed 1,000.00 for May, CN-3 credits 1,200.00 of it; or CN-4 credits the same days as CN-3 once more
-- repair:   investigate
-- A memo is wrong where it names no invoice that bills, where the memos of a line or of an invoice are above it, or where the cell
-- would agree without it: then nothing ended or changed that it could be for.
with memo as ( -- what each issued memo credits in a cell
    select
        coalesce(root_line_key, unlinked_subject_key) as line_key, service_start_date, currency, legal_entity_code, document_key,
        min(document_number) as document_number,
        min(credited_line_key) as credited_line_key,
        sum(net_amount) as net_amount
    from link.invoice_line
    where is_billed and document_kind = 'credit_memo'
    group by coalesce(root_line_key, unlinked_subject_key), service_start_date, currency, legal_entity_code, document_key
),

credited_line as ( -- lines of invoices with all that memos took back of them
    select credited_line_key, sum(net_amount) as net_amount
    from link.invoice_line
    where is_billed and document_kind = 'credit_memo' and credited_line_key is not null
    group by credited_line_key
),

credited_invoice as ( -- invoices that memos name, with all that memos took back of them
    select instance, credited_invoice_source_id, sum(total_amount) as total_amount
    from canonical.invoice
    where document_kind = 'credit_memo' and document_status = 'issued' and credited_invoice_source_id is not null
    group by instance, credited_invoice_source_id
),

judged as ( -- differing cells with too much credited, and what is wrong with the memo, if anything
    select
        k.cell_id, k.subject_key, k.legal_entity_code, k.currency, k.period, k.difference_amount, k.left_text, k.right_text,
        k.service_start_date, k.evidence, m.document_key, m.document_number,
        case
            when d.credited_invoice_source_id is null then 'names no invoice'
            when i.source_id is null then 'names an invoice that does not exist'
            when i.document_status in ('draft', 'void')
                then 'credits ' || coalesce(i.document_number, i.source_id) || ', which is ' || i.document_status
            when l.net_amount + c.net_amount < 0 then 'credits more than the line of ' || i.document_number || ' billed'
            when i.total_amount + t.total_amount < 0 then 'credits more than ' || i.document_number || ' billed'
            when k.difference_amount + m.net_amount = 0 then 'credits what is owed'
        end as said
    from grid.booked_billed_break as k
    inner join memo as m
        on
            coalesce(k.contract_line_key, k.subject_key) = m.line_key and k.service_start_date = m.service_start_date
            and k.currency = m.currency and k.legal_entity_code = m.legal_entity_code
    inner join canonical.invoice as d on m.document_key = d.instance || ':' || d.source_id
    left join canonical.invoice as i on d.instance = i.instance and d.credited_invoice_source_id = i.source_id
    left join link.invoice_line as l on m.credited_line_key = l.invoice_line_key
    left join credited_line as c on m.credited_line_key = c.credited_line_key
    left join credited_invoice as t on i.instance = t.instance and i.source_id = t.credited_invoice_source_id
    where k.difference_amount > 0
)

select
    cell_id,
    subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'credit memo ' || coalesce(document_number, document_key) || ' ' || said || ': contract says ' || left_text || ', billed '
    || right_text || ' for the period from ' || cast(service_start_date as varchar) as reason,
    substr(evidence, 1, length(evidence) - 1) || case when evidence = '[]' then '' else ',' end || '{"instance":"'
    || split_part(document_key, ':', 1) || '","table":"invoice","source_id":"' || split_part(document_key, ':', 2) || '"}]' as evidence
from judged
where said is not null
