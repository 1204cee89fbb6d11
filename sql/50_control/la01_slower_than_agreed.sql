-- control:  LA01
-- priority: 90
-- severity: low
-- grain:    won deal, order or billing document that took too long
-- params:   as_of, order_sla_days, invoice_sla_days, posting_sla_days
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     closed-won to order, first due day to first invoice, or invoice to posting took longer than agreed
-- example:  OPP-00034 won on 1 May, its order activated on 12 May: 11 days where 2 are agreed
-- repair:   alert
with ordered as ( -- won deals with the day of their first activated order
    select
        o.instance, o.source_id, o.opportunity_number, o.close_date,
        min(coalesce(cast(c.activated_at as date), c.start_date)) as activated_date,
        min(c.legal_entity_code) as legal_entity_code
    from canonical.opportunity as o
    left join canonical.contract as c
        on
            o.instance = c.instance and o.source_id = c.opportunity_source_id and c.contract_status = 'activated'
            and coalesce(cast(c.activated_at as date), c.start_date) <= $as_of
    where o.opportunity_stage = 'won' and o.close_date <= $as_of
    group by o.instance, o.source_id, o.opportunity_number, o.close_date
),

unreadable as ( -- won deals without an order that a record in quarantine names: it may be their order
    select
        o.instance, o.source_id as opportunity_source_id,
        min('reject|' || q.instance || '|' || q.object_name || '|' || q.source_id) as reject_cell_id
    from ordered as o
    inner join landing.reject as j on o.instance = j.instance and contains(j.record, o.source_id)
    inner join canonical.open_reject as q on j.batch_id = q.batch_id and j.row_number = q.row_number
    where o.activated_date is null and q.source_id <> o.source_id
    group by o.instance, o.source_id
),

first_due as ( -- of each contract line; a line's periods and invoices are many, so each side is one row before they meet
    select contract_line_key, min(due_date) as due_date
    from schedule.billing_period
    group by contract_line_key
),

first_issued as (
    select root_line_key, min(issued_date) as issued_date
    from link.invoice_line
    where is_billed and root_line_key is not null
    group by root_line_key
),

due as ( -- orders with the day on which their first bill fell due and the day of their first invoice
    select
        b.contract_key, min(c.contract_number) as contract_number, min(b.legal_entity_code) as legal_entity_code,
        greatest(min(p.due_date), min(b.activated_date)) as due_date, min(l.issued_date) as issued_date
    from link.booked_line as b
    inner join canonical.contract as c on b.contract_key = c.instance || ':' || c.source_id
    inner join first_due as p on b.contract_line_key = p.contract_line_key
    inner join first_issued as l on b.contract_line_key = l.root_line_key
    where b.is_counted and b.contract_line_key = b.root_line_key
    group by b.contract_key
),

posted as ( -- documents that agree with the ledger: what differs is told by its own leg
    select
        k.document_key, min(t.posting_date) as posting_date
    from link.document as k
    inner join link.posted_transaction as t on k.transaction_key = t.transaction_key
    left join grid.billed_posted_break as x on k.document_key = x.document_key
    where
        k.document_state = 'live' and k.transaction_kind in ('invoice', 'credit_memo') and x.document_key is null
        and t.transaction_kind in ('invoice', 'credit_memo')
    group by k.document_key
    union all -- in a summary journal
    select d.document_key, d.posting_date
    from link.summary_document as d
    left join grid.billed_posted_break as x on d.document_key = x.document_key
    where d.document_state = 'live' and x.document_key is null
),

late as ( -- the three ways, each past its agreed days
    select
        ordered.instance, 'opportunity' as table_name, ordered.source_id, opportunity_number as subject_key, legal_entity_code,
        'won on ' || cast(close_date as varchar) || ', '
        || coalesce('order activated on ' || cast(activated_date as varchar), 'no order yet') || ': '
        || cast(coalesce(activated_date, $as_of) - close_date as varchar) || ' days where '
        || cast($order_sla_days as varchar) || ' are agreed' as reason,
        'an activated order by ' || cast(close_date + cast($order_sla_days as integer) as varchar) || ', '
        || cast($order_sla_days as varchar) || ' days after the deal was won' as wanted,
        coalesce('it was activated on ' || cast(activated_date as varchar), 'none on ' || cast(cast($as_of as date) as varchar)) as found,
        u.reject_cell_id
    from ordered
    left join unreadable as u on ordered.instance = u.instance and ordered.source_id = u.opportunity_source_id
    where coalesce(activated_date, $as_of) > close_date + cast($order_sla_days as integer)
    union all
    select
        split_part(contract_key, ':', 1) as instance, 'contract' as table_name, split_part(contract_key, ':', 2) as source_id,
        contract_number as subject_key, legal_entity_code,
        'first bill due on ' || cast(due_date as varchar) || ', first invoice on ' || cast(issued_date as varchar) || ': '
        || cast(issued_date - due_date as varchar) || ' days where ' || cast($invoice_sla_days as varchar) || ' are agreed' as reason,
        'a first invoice by ' || cast(due_date + cast($invoice_sla_days as integer) as varchar) || ', '
        || cast($invoice_sla_days as varchar) || ' days after the first bill fell due' as wanted,
        'it was issued on ' || cast(issued_date as varchar) as found,
        cast(null as varchar) as reject_cell_id
    from due
    where issued_date > due_date + cast($invoice_sla_days as integer)
    union all
    select
        i.instance, 'invoice' as table_name, i.source_id, i.document_number as subject_key, i.legal_entity_code,
        'issued on ' || cast(i.issued_date as varchar) || ', posted on ' || cast(p.posting_date as varchar) || ': '
        || cast(p.posting_date - i.issued_date as varchar) || ' days where ' || cast($posting_sla_days as varchar)
        || ' are agreed' as reason,
        'a posting by ' || cast(i.issued_date + cast($posting_sla_days as integer) as varchar) || ', '
        || cast($posting_sla_days as varchar) || ' days after the document was issued' as wanted,
        'it was posted on ' || cast(p.posting_date as varchar) as found,
        cast(null as varchar) as reject_cell_id
    from posted as p
    inner join canonical.invoice as i on p.document_key = i.instance || ':' || i.source_id
    where p.posting_date > i.issued_date + cast($posting_sla_days as integer)
)

select
    reject_cell_id as cell_id,
    subject_key,
    'LA' as leg,
    legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    reason,
    '[{"instance":"' || instance || '","table":"' || table_name || '","source_id":"' || source_id || '"}]' as evidence,
    wanted as expected_text,
    found as found_text
from late
