-- grain:   document_key
-- params:  as_of
-- owner:   accounting
-- says:    what every counted billing document demands of the ledger, class by class, debit positive
-- example: invoice of 120.00 with 20.00 tax for next month: receivable 120.00, tax -20.00, deferred_revenue -100.00, revenue 0.00
with line_class as ( -- net of every counted document by the class that its service demands
    select
        document_key,
        coalesce(sum(net_amount) filter (
            where revenue_class = 'ratable'
            and service_end_date >= cast(date_trunc('month', issued_date) + interval '1' month as date)
        ), 0) as deferred_amount,
        sum(net_amount) as net_amount,
        min(legal_entity_code) as legal_entity_code
    from link.invoice_line
    where is_billed
    group by document_key
)

select
    i.instance || ':' || i.source_id as document_key,
    i.currency,
    coalesce(i.legal_entity_code, l.legal_entity_code, 'unknown') as legal_entity_code,
    cast(date_trunc('month', i.issued_date) as date) as period,
    coalesce(cast(i.finalized_at as date), i.issued_date) as finalized_date,
    i.total_amount as receivable_amount,
    -i.tax_amount as tax_amount,
    cast(-coalesce(l.deferred_amount, 0) as decimal(20, 4)) as deferred_amount,
    cast(coalesce(l.deferred_amount, 0) - coalesce(l.net_amount, 0) as decimal(20, 4)) as revenue_amount
from canonical.invoice as i
left join line_class as l on i.instance || ':' || i.source_id = l.document_key
where i.document_status in ('open', 'paid', 'uncollectible', 'issued') and i.issued_date <= $as_of
