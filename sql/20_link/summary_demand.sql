-- grain:   document_key
-- params:  as_of
-- owner:   accounting
-- says:    documents of companies whose ledger posts summary journals: what each demands by class, and what is still open to a summary
-- example: INV-7 of 120.00 demands receivable 120.00, tax -20.00, revenue -100.00; nothing posts it by itself, so all of it is open
-- What transactions of its own post for a document (a correction that quotes its number, too) is not awaited in a summary any more.
with book as ( -- companies whose ledger posts summaries
    select
        e.legal_entity_code,
        min(c.grouping) as grouping
    from canonical.legal_entity as e
    inner join policy.summary_convention as c on e.instance = c.instance
    group by e.legal_entity_code
),

line_class as ( -- net of their documents, void ones too, by the class that its service demands
    select
        l.document_key,
        coalesce(sum(l.net_amount) filter (
            where l.revenue_class = 'ratable'
            and l.service_end_date >= cast(date_trunc('month', l.issued_date) + interval '1' month as date)
        ), 0) as deferred_amount,
        sum(l.net_amount) as net_amount,
        min(l.legal_entity_code) as legal_entity_code
    from link.invoice_line as l
    inner join book as b on l.legal_entity_code = b.legal_entity_code
    where l.document_status <> 'draft'
    group by l.document_key
),

document as ( -- the documents with what they demand, as it is posted: debit positive
    select
        i.instance || ':' || i.source_id as document_key, i.document_number, i.document_kind, b.legal_entity_code, i.currency,
        i.issued_date,
        case b.grouping
            when 'batch' then coalesce(i.claimed_ledger_batch, 'no batch') else cast(i.issued_date as varchar)
        end as occasion,
        case when i.document_status = 'void' then 'void' else 'live' end as document_state,
        i.total_amount as receivable_amount,
        -i.tax_amount as tax_amount,
        -coalesce(l.deferred_amount, 0) as deferred_amount,
        coalesce(l.deferred_amount, 0) - coalesce(l.net_amount, 0) as revenue_amount
    from canonical.invoice as i
    left join line_class as l on i.instance || ':' || i.source_id = l.document_key
    inner join book as b on coalesce(i.legal_entity_code, l.legal_entity_code) = b.legal_entity_code
    where i.document_status in ('open', 'paid', 'uncollectible', 'issued', 'void') and i.issued_date <= $as_of
),

own as ( -- what transactions of their own post for them
    select
        d.document_key,
        coalesce(sum(t.receivable_amount), 0) as receivable_amount,
        coalesce(sum(t.tax_amount), 0) as tax_amount,
        coalesce(sum(t.deferred_revenue_amount), 0) as deferred_amount,
        coalesce(sum(t.revenue_amount), 0) as revenue_amount
    from document as d
    inner join link.document as k on d.document_key = k.document_key and k.transaction_kind in ('invoice', 'credit_memo', 'journal')
    inner join link.posted_transaction as t on k.transaction_key = t.transaction_key
    group by d.document_key
)

select
    d.document_key,
    d.document_number,
    d.document_kind,
    d.document_state,
    d.legal_entity_code,
    d.currency,
    d.issued_date,
    cast(date_trunc('month', d.issued_date) as date) as period,
    d.occasion,
    d.legal_entity_code || ' ' || d.currency || ' ' || d.occasion as group_key,
    cast(d.receivable_amount as decimal(20, 4)) as receivable_amount,
    cast(d.tax_amount as decimal(20, 4)) as tax_amount,
    cast(d.deferred_amount as decimal(20, 4)) as deferred_amount,
    cast(d.revenue_amount as decimal(20, 4)) as revenue_amount,
    cast(d.receivable_amount - coalesce(o.receivable_amount, 0) as decimal(20, 4)) as open_receivable_amount,
    cast(d.tax_amount - coalesce(o.tax_amount, 0) as decimal(20, 4)) as open_tax_amount,
    cast(d.deferred_amount - coalesce(o.deferred_amount, 0) as decimal(20, 4)) as open_deferred_amount,
    cast(d.revenue_amount - coalesce(o.revenue_amount, 0) as decimal(20, 4)) as open_revenue_amount,
    d.document_state = 'live' and not (
        d.receivable_amount = coalesce(o.receivable_amount, 0) and d.tax_amount = coalesce(o.tax_amount, 0)
        and d.deferred_amount = coalesce(o.deferred_amount, 0) and d.revenue_amount = coalesce(o.revenue_amount, 0)
    ) as is_open
from document as d
left join own as o on d.document_key = o.document_key
